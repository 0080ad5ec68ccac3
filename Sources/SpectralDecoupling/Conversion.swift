import Checkpoints
import Files
import Findings
import Foundation
import LinearAlgebra
import SafetensorsFiles
import TensorFiles
import Tensors
public import Workers

/// What a finished conversion can tell.
public struct ConversionSummary: Sendable {
  /// What a unit came to.
  public struct Unit: Sendable {
    /// The layer, counted from 0.
    public let layer: Int
    /// gate_proj, up_proj or down_proj.
    public let projection: String
    /// k_c.
    public let commonRank: Int
    /// What strict mode drops: sum ||Delta||^2 / sum ||W||^2; NaN for weights that are all zero.
    public let remainderEnergy: Double
    /// Mean principal similarity and floor, before and after; nil where it was not asked for.
    public let similarity: (before: Double, floorBefore: Double, after: Double, floorAfter: Double)?
    /// The largest reconstruction error of an expert; nil where it is not known.
    public let largestError: Double?
    /// The number of weights that are put right one by one.
    public let corrections: Int
  }

  /// The units, in the order of layers and projections.
  public let units: [Unit]
  /// The size of all weights that were read.
  public let bytesBefore: Int
  /// The size of all weights that were written.
  public let bytesAfter: Int
  /// Files that were not carried over.
  public let leftBehind: [String]
  /// Whether the output was there already, whole.
  public let wasThere: Bool

  init(_ certificate: Certificate, wasThere: Bool) {
    units = certificate.units.map { unit in
      Unit(
        layer: unit.layer, projection: unit.projection, commonRank: unit.commonRank,
        remainderEnergy: unit.remainderEnergy ?? .nan,
        similarity: unit.similarity.map { ($0.before, $0.floorBefore, $0.after, $0.floorAfter) },
        largestError: unit.largestReconstructionError, corrections: unit.corrections)
    }
    bytesBefore = certificate.bytesBefore
    bytesAfter = certificate.bytesAfter
    leftBehind = certificate.source.leftBehind
    self.wasThere = wasThere
  }
}

/// Converts a checkpoint, and writes what it did beside the output.
///
/// The output is made in the folder `OUT.sdmoe-partial` and takes its name when it is whole. After
/// an interruption the same call goes on where it stopped, and ends in the same bytes: what was
/// written is used again only where it has the digests that were noted. The checkpoint is never
/// changed.
///
/// - Parameters:
///   - plan: What to do.
///   - output: The folder to make.
///   - width: How many matrices to work on at once.
///   - replaces: Whether a converted checkpoint that lies there gives way when the new one is
///     whole.
///   - onProgress: Called after every matrix and unit, from any thread.
/// - Returns: What the certificate tells of the whole.
/// - Throws: ``DecouplingError``, and the errors of the files.
/// - Complexity: A few passes over the weights; memory for two matrices of each worker, one for
///   every W_c, and the factors of one unit.
public func convert(
  _ plan: ConversionPlan, to output: String, width: Int, replaces: Bool = false,
  onProgress: @escaping @Sendable (WorkProgress) -> Void = { _ in }
) async throws -> ConversionSummary {
  LinearAlgebraLibrary.useOneThread()
  LinearAlgebraLibrary.keepMemory()
  let output = try target(output)
  if let finished = try await plan.finishedOutput(at: output, replaces: replaces) {
    if FileStatus(at: WorkFolder.path(for: output)) != nil {
      try WorkFolder(for: output, identity: plan.identity).remove()
    }
    return finished
  }
  try plan.requireSpace(for: output)
  let folder = try WorkFolder(for: output, identity: plan.identity)
  // Another process may have finished since.
  if let finished = try await plan.finishedOutput(at: output, replaces: replaces) {
    folder.remove()
    return finished
  }
  try folder.clear(except: plan.shardNames)
  let conversion = Conversion(
    plan: plan, folder: folder, width: width, files: try MainFiles(of: plan, in: folder.output))
  let certificate: Certificate
  do {
    certificate = try await conversion.carryOut(onProgress: onProgress)
  } catch let error as DecouplingError where error.needsOtherOptions {
    folder.discard()
    throw error
  }
  try plan.requirePlace(at: output, replaces: replaces)
  try folder.finish()
  return ConversionSummary(certificate, wasThere: false)
}

extension ConversionPlan {
  /// Checks that an output may be made, without changing anything.
  ///
  /// - Throws: ``DecouplingError``
  public func check(output: String, replaces: Bool) async throws {
    let output = try target(output)
    _ = try await finishedOutput(at: output, replaces: replaces)
    try requireSpace(for: output)
  }

  /// Checks that an output may be made; tells what lies there where it is this conversion's.
  ///
  /// Without `replaces`, only the sizes of its files are compared with the certificate; with it, all
  /// digests are: what is damaged gives way.
  func finishedOutput(at output: String, replaces: Bool) async throws -> ConversionSummary? {
    try requireOutside(output)
    if let certificate = try? Certificate(ofFolder: output), certificate.conversion == identity {
      guard certificate.hasItsFiles(in: output) else {
        guard replaces else { throw DecouplingError.damagedOutput(path: output) }
        return nil
      }
      if replaces, try await !isIntact(output) { return nil }
      return ConversionSummary(certificate, wasThere: true)
    }
    try requirePlace(at: output, replaces: replaces)
    return nil
  }

  private func isIntact(_ output: String) async throws -> Bool {
    let width = ProcessInfo.processInfo.activeProcessorCount
    guard let verification = try? Verification(of: output, against: nil, width: width) else {
      return false
    }
    return try await verification.digests().report.failures.isEmpty
  }

  private func requireOutside(_ output: String) throws {
    let target = resolved(output)
    let source = resolved(checkpoint.path)
    if target == source || target.hasPrefix(source + "/") || source.hasPrefix(target + "/") {
      throw DecouplingError.outputInsideInput(output: output, input: checkpoint.path)
    }
  }

  /// Checks that nothing lies at a place, or what may give way.
  func requirePlace(at output: String, replaces: Bool) throws {
    guard let status = FileStatus(at: output) else { return }
    guard status.irregularKind == "a folder",
      let content = try? FileManager.default.contentsOfDirectory(atPath: output)
    else { throw DecouplingError.notReplaced(path: output) }
    if content.isEmpty { return }
    guard content.contains(Certificate.name) else {
      throw DecouplingError.notReplaced(path: output)
    }
    guard replaces else { throw DecouplingError.outputExists(path: output) }
  }

  /// The bytes that the output will have, as far as they are known before.
  public var predictedByteCount: Int {
    let main = shards.joined().reduce(0) { $0 + $1.tensor.byteCount }
    let carried = files.names.reduce(0) {
      $0 + (FileStatus(at: "\(checkpoint.path)/\($1)")?.byteCount ?? 0)
    }
    return main + carried + units.reduce(0) { $0 + predictedFactors(of: $1) }
  }

  private func predictedFactors(of unit: Unit) -> Int {
    let rank: Int
    switch unit.work {
    case .merge(let form): rank = form.commonRank
    case .split:
      switch options.rank {
      case .fixed(let fixed): rank = fixed
      case .target(_, let limit): rank = min(limit, unit.largestRank)
      }
    }
    let thin = 4 * rank * (unit.weights[0].rowCount + unit.weights[0].columnCount)
    let each = options.form == .factored && options.mode == .exact ? unit.weights.count : 0
    return thin * (3 + each)
  }

  /// Checks that the disk has room for what is still to be written.
  func requireSpace(for output: String) throws {
    var folder = resolved(output)
    while folder.count > 1, FileStatus(at: folder) == nil {
      folder = (folder as NSString).deletingLastPathComponent
    }
    let partial = "\(WorkFolder.path(for: output))/output"
    let there = ((try? FileManager.default.contentsOfDirectory(atPath: partial)) ?? []).reduce(0) {
      $0 + (FileStatus(at: "\(partial)/\($1)")?.byteCount ?? 0)
    }
    // Factors are kept by unit and copied once; a hundredth for corrections and the certificate.
    let factors = units.reduce(0) { $0 + predictedFactors(of: $1) }
    let needed = predictedByteCount + factors + predictedByteCount / 100 - there
    guard let free = try? freeBytes(at: folder), free < needed else { return }
    throw DecouplingError.noSpace(path: folder, needed: needed, free: free)
  }
}

extension Certificate {
  /// Whether all files that it names are in a folder, with their sizes.
  fileprivate func hasItsFiles(in folder: String) -> Bool {
    (files + weightFiles).allSatisfy { file in
      let status = FileStatus(at: "\(folder)/\(file.name)")
      return status?.irregularKind == nil && status?.byteCount == file.bytes
    } && FileStatus(at: "\(folder)/\(Self.tableName)") != nil
  }
}

/// The path that an output is given: without slashes at its end, and behind a link.
///
/// - Throws: ``DecouplingError/noName(path:)``
private func target(_ output: String) throws -> String {
  var path = output
  while path.count > 1, path.hasSuffix("/") { path.removeLast() }
  guard !["", ".", "..", "/"].contains((path as NSString).lastPathComponent) else {
    throw DecouplingError.noName(path: output)
  }
  guard (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil else {
    return path
  }
  guard FileStatus(at: path) != nil else { throw DecouplingError.notReplaced(path: output) }
  return resolved(path)
}

/// A path without links: those of the part that exists are followed, the rest is appended.
private func resolved(_ path: String) -> String {
  var existing = URL(fileURLWithPath: path).standardizedFileURL.path
  var rest: [String] = []
  while existing != "/", FileStatus(at: existing) == nil {
    rest.insert((existing as NSString).lastPathComponent, at: 0)
    existing = (existing as NSString).deletingLastPathComponent
  }
  let place = URL(fileURLWithPath: existing).resolvingSymlinksInPath().path
  return ([place] + rest).joined(separator: "/")
}

/// The work of a conversion.
struct Conversion: Sendable {
  let plan: ConversionPlan
  let folder: WorkFolder
  let width: Int
  let files: MainFiles

  private var checkpoint: Checkpoint { plan.checkpoint }

  /// Makes the whole output, all but its name.
  func carryOut(
    onProgress: @escaping @Sendable (WorkProgress) -> Void
  ) async throws -> Certificate {
    var finished: [Int: UnitRecord] = [:]
    for place in plan.units.indices {
      if let record = try await soundRecord(ofUnit: place) { finished[place] = record }
    }
    let open = plan.units.indices.filter { finished[$0] == nil }
    let counter = ProgressCounter(
      WorkProgress(
        finishedUnits: finished.count, unitCount: plan.units.count,
        matrixCount: open.reduce(0) { $0 + plan.units[$1].weights.count }),
      report: onProgress)
    counter.update { _ in }
    let carried = try await copyTensors()
    let floors = FloorCache()
    for place in open {
      let unit = plan.units[place]
      let work = UnitConversion(
        plan: plan, unit: unit, output: files.output(ofUnit: place), width: width, floors: floors,
        onExpert: {
          counter.update {
            $0.finishedMatrices += 1
            $0.finishedBytes += unit.weights[0].tensor.byteCount
          }
        })
      let (record, factors) = try await work.convert()
      let finishedRecord = record(try factors.write(to: folder.factorsPath(unit)))
      try folder.keep(finishedRecord, of: unit)
      finished[place] = finishedRecord
      counter.update { $0.finishedUnits += 1 }
    }
    let records = plan.units.indices.compactMap { finished[$0] }
    let writer = OutputWriter(plan: plan, folder: folder.output)
    let factors = try writer.writeFactors(from: plan.units.map { folder.factorsPath($0) })
    for draft in files.drafts { try draft.synchronize() }
    return try writer.writeRest(
      main: zip(files.names, files.drafts).map { ($0, $1) }, carried: carried, records: records,
      factors: factors)
  }

  /// What is known of a unit, if all that it speaks of is there.
  private func soundRecord(ofUnit place: Int) async throws -> UnitRecord? {
    let unit = plan.units[place]
    guard let record = folder.record(of: unit), record.experts.count == unit.weights.count,
      let factors = try? SafetensorsFile(path: folder.factorsPath(unit))
    else { return nil }
    var digest = SHA256Digest()
    for tensor in factors.tensors {
      try forEachPiece(of: tensor, in: factors) { bytes, _ in digest.update(bytes) }
    }
    guard digest.finish() == record.factorsSHA256 else { return nil }
    let sound = try await workSideBySide(
      count: unit.weights.count, width: width, makeState: {}
    ) { _, expert in
      try files.digest(unit: place, expert: expert) == record.experts[expert].sha256
    }
    return sound.allSatisfy { $0 } ? record : nil
  }

  /// Copies all tensors that are not converted.
  ///
  /// - Returns: Their digests by name.
  private func copyTensors() async throws -> [String: String] {
    var items: [(draft: Int, place: Int, file: any TensorFile, tensor: TensorDescription)] = []
    for (draft, shard) in plan.shards.enumerated() {
      for (place, output) in shard.enumerated() {
        if case .carried(let file, let tensor) = output.source {
          items.append((draft, place, file, tensor))
        }
      }
    }
    let digests = try await workSideBySide(
      count: items.count, width: width, makeState: {}
    ) { [items] _, item in
      let (draft, place, file, tensor) = items[item]
      return try copy(tensor, of: file, to: files.drafts[draft], place: place)
    }
    return Dictionary(uniqueKeysWithValues: zip(items.map(\.tensor.name), digests))
  }
}
