import Checkpoints
import Experts
import Files
import Findings
import Foundation
import LinearAlgebra
import SafetensorsFiles
import Tensors
public import Workers

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
///   - workers: How many matrices to work on at once.
///   - rechecks: Whether what an interrupted call made is compared with its input even where no file
///     of it looks changed.
///   - replaces: Whether a converted checkpoint that lies there gives way when the new one is
///     whole. Anything else in its folder prevents that.
///   - onProgress: Called after every matrix and unit, from any thread.
///   - onChanged: Called with the units that an interrupted call converted, but from another input.
/// - Returns: What the certificate tells of the whole.
/// - Throws: ``DecouplingError``, and the errors of the files.
/// - Complexity: A few passes over the weights; memory for two matrices of each worker, one for
///   every W_c, and the factors of the units under way.
public func convert(
  _ plan: ConversionPlan, to output: String, workers: Int, rechecks: Bool = false,
  replaces: Bool = false,
  onProgress: @escaping @Sendable (WorkProgress) -> Void = { _ in },
  onChanged: @Sendable ([String]) -> Void = { _ in }
) async throws -> ConversionSummary {
  let workers = try LinearAlgebraLibrary.start(threads: workers)
  LinearAlgebraLibrary.keepMemory()
  let output = try target(output)
  let pool = WorkerPool(count: workers)
  if let finished = try await plan.finishedOutput(at: output, replaces: replaces, pool: pool) {
    if FileStatus(at: WorkFolder.path(for: output)) != nil {
      try WorkFolder(for: output, identity: plan.identity).remove()
    }
    return finished
  }
  try plan.requireSpace(for: output)
  let folder = try WorkFolder(for: output, identity: plan.identity)
  // Another process may have finished since.
  if let finished = try await plan.finishedOutput(at: output, replaces: replaces, pool: pool) {
    folder.remove()
    return finished
  }
  try folder.clear(except: plan.shardNames)
  let conversion = Conversion(
    plan: plan, folder: folder, pool: pool, rechecks: rechecks,
    files: try MainFiles(of: plan, in: folder.output))
  let certificate: Certificate
  do {
    certificate = try await conversion.carryOut(onChanged: onChanged, onProgress: onProgress)
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
    let pool = WorkerPool(count: MachineShare.own.coreCount)
    _ = try await finishedOutput(at: output, replaces: replaces, pool: pool)
    try requireSpace(for: output)
  }

  /// Checks that an output may be made; tells what lies there where it is this conversion's.
  ///
  /// Without `replaces`, only the sizes of its files are compared with the certificate; with it, all
  /// digests are: what is damaged gives way. The input has to hold what it held.
  func finishedOutput(
    at output: String, replaces: Bool, pool: WorkerPool
  ) async throws -> ConversionSummary? {
    try requireOutside(output)
    if let certificate = try? Certificate(ofFolder: output), certificate.conversion == identity,
      carriesSameFiles(as: certificate),
      try await content(pool: pool) == certificate.source.content
    {
      let isWhole = certificate.hasItsFiles(in: output)
      guard isWhole || replaces else { throw DecouplingError.damagedOutput(path: output) }
      if isWhole {
        let isIntact = replaces ? try await isIntact(output, pool: pool) : true
        if isIntact { return ConversionSummary(certificate, wasThere: true) }
      }
    }
    try requirePlace(at: output, replaces: replaces)
    return nil
  }

  /// Whether an output has the files beside the weights that it would get now.
  private func carriesSameFiles(as certificate: Certificate) -> Bool {
    let written = Set(["config.json", "model.safetensors.index.json"])
    let known = certificate.files.filter { !written.contains($0.name) }
    let names = files.names.filter { !written.contains($0) }
    return names == known.map(\.name)
      && known.allSatisfy { file in
        FileManager.default.contents(atPath: "\(checkpoint.path)/\(file.name)")
          .map { sha256(of: Array($0)) } == file.sha256
      }
  }

  private func isIntact(_ output: String, pool: WorkerPool) async throws -> Bool {
    guard
      let verification = try? Verification(
        of: output, against: nil, family: checkpoint.familyInUse, pool: pool)
    else { return false }
    return try await verification.digests().report.failures.isEmpty
  }

  /// The digest of all that the output would be made from now.
  private func content(pool: WorkerPool) async throws -> String {
    let carried = shards.joined().flatMap { output in
      switch output.content {
      case .carried(let file, let tensor): [Weight(file: file, tensor: tensor)]
      case .decoded(let matrices): matrices.map(\.weight)
      case .experts: [Weight]()
      }
    }
    let pieces =
      carried.map(\.inputPiece)
      + units.flatMap { inputPieces(of: $0) }
    let digests = try await pool.map(count: pieces.count) { try pieces[$0].digest() }
    return contentDigest(
      carried: Dictionary(
        zip(pieces.map(\.label), digests), uniquingKeysWith: { first, _ in first }), units: [])
  }

  private func requireOutside(_ output: String) throws {
    if lies(output, in: checkpoint.path) || lies(checkpoint.path, in: output) {
      throw DecouplingError.outputInsideInput(output: output, input: checkpoint.path)
    }
  }

  /// Checks that nothing lies at a place, or what may give way.
  func requirePlace(at output: String, replaces: Bool) throws {
    guard let status = FileStatus(at: output) else { return }
    if isMountPoint(output) { throw DecouplingError.mountPoint(path: output) }
    guard status.irregularKind == "a folder",
      let content = try? FileManager.default.contentsOfDirectory(atPath: output)
    else { throw DecouplingError.notReplaced(path: output) }
    if content.isEmpty { return }
    guard OwnFiles(of: output) != nil else { throw DecouplingError.notReplaced(path: output) }
    guard replaces else { throw DecouplingError.outputExists(path: output) }
    guard let certificate = try? Certificate(ofFolder: output) else {
      throw DecouplingError.untoldOutput(path: output)
    }
    let foreign = certificate.foreignFiles(in: output)
    guard foreign.isEmpty else {
      throw DecouplingError.foreignFiles(path: output, names: foreign)
    }
  }

  /// The folder beside an output in which this conversion was begun and not finished; nil where there
  /// is none.
  public func unfinishedFolder(of output: String) -> String? {
    guard let path = (try? target(output)).map({ WorkFolder.path(for: $0) }),
      FileManager.default.contents(atPath: "\(path)/conversion") == Data(identity.utf8)
    else { return nil }
    return path
  }

  /// The bytes that the output will have, as far as they are known before.
  public var predictedByteCount: Int {
    let main = shards.joined().reduce(0) { $0 + $1.tensor.byteCount }
    let carried = files.names.reduce(0) {
      $0 + (FileStatus(at: "\(checkpoint.path)/\($1)")?.byteCount ?? 0)
    }
    return main + carried + units.reduce(0) { $0 + predictedFactors(of: $1) }
  }

  private func predictedFactors(of unit: ConvertedUnit) -> Int {
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
    var folder = resolvedPath(output)
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
  return resolvedPath(path)
}

/// The work of a conversion.
struct Conversion: Sendable {
  let plan: ConversionPlan
  let folder: WorkFolder
  let pool: WorkerPool
  let rechecks: Bool
  let files: MainFiles

  private var checkpoint: Checkpoint { plan.checkpoint }

  /// Makes the whole output, all but its name.
  func carryOut(
    onChanged: @Sendable ([String]) -> Void,
    onProgress: @escaping @Sendable (WorkProgress) -> Void
  ) async throws -> Certificate {
    var finished: [Int: UnitRecord] = [:]
    var changed: [String] = []
    for (place, unit) in plan.units.enumerated() {
      guard let record = folder.record(of: unit), record.experts.count == unit.weights.count
      else { continue }
      if try folder.isOfInput(unit, pieces: plan.inputPieces(of: unit), rechecks: rechecks) {
        if try await isSound(record, ofUnit: place) { finished[place] = record }
      } else {
        changed.append(unit.key.text)
      }
    }
    if !changed.isEmpty { onChanged(changed) }
    let open = plan.units.indices.filter { finished[$0] == nil }
    let matrixCount = open.reduce(0) { $0 + plan.units[$1].weights.count }
    let counter = ProgressCounter(
      WorkProgress(
        finishedUnits: finished.count, unitCount: plan.units.count, matrixCount: matrixCount,
        keptMatrices: plan.matrixCount - matrixCount),
      report: onProgress)
    counter.update { _ in }
    let copies = try await copyTensors()
    let floors = FloorCache()
    // Enough units that no worker waits for the matrices of the next.
    let fewest = plan.units.map(\.weights.count).min() ?? 1
    try await workInOrder(count: open.count, atOnce: 1 + (pool.count - 1) / fewest) { item in
      try await convertUnit(open[item], floors: floors, counter: counter)
    } handOver: { item, done in
      let unit = plan.units[open[item]]
      let sources = try plan.sources(of: unit, record: done.record(""))
      try plan.inputPieces(of: unit).requireUntouched(since: done.stamps)
      finished[open[item]] = try folder.keep(
        unit, factors: done.factors, madeFrom: sources, stamps: done.stamps, record: done.record)
      counter.update { $0.finishedUnits += 1 }
    }
    let records = plan.units.indices.compactMap { finished[$0] }
    let writer = OutputWriter(plan: plan, folder: folder.output)
    let factors = try writer.writeFactors(from: plan.units.map { folder.factorsPath($0) })
    for draft in files.drafts { try draft.synchronize() }
    let sources = plan.units.compactMap { folder.store.sources(of: $0.key.folderName) }
    return try writer.writeRest(
      main: zip(files.names, files.drafts).map { ($0, $1) }, copies: copies, records: records,
      factors: factors, content: contentDigest(carried: copies.sources, units: sources))
  }

  /// What came of a unit.
  private struct Done: Sendable {
    let record: @Sendable (String) -> UnitRecord
    let factors: UnitFactors
    let stamps: Set<String>
  }

  private func convertUnit(
    _ place: Int, floors: FloorCache, counter: ProgressCounter
  ) async throws -> Done {
    let unit = plan.units[place]
    // Before anything is read: what changes meanwhile is noticed the next time.
    let stamps = plan.inputPieces(of: unit).stamps
    let work = UnitConversion(
      plan: plan, unit: unit, output: files.output(ofUnit: place), pool: pool, order: place,
      floors: floors,
      onExpert: {
        counter.update {
          $0.finishedMatrices += 1
          $0.finishedBytes += unit.weights[0].byteCount
        }
      })
    let (record, factors) = try await work.convert()
    return Done(record: record, factors: factors, stamps: stamps)
  }

  /// Whether all that is known of a unit is there as it was written.
  private func isSound(_ record: UnitRecord, ofUnit place: Int) async throws -> Bool {
    let sound = try await pool.map(count: record.experts.count) { expert in
      try files.digest(unit: place, expert: expert) == record.experts[expert].sha256
    }
    return sound.allSatisfy { $0 }
  }

  /// Copies all tensors that are not converted, and decodes those that are packed.
  private func copyTensors() async throws -> Copies {
    var items: [(draft: Int, place: Int, file: any TensorFile, tensor: TensorDescription)] = []
    var matrices: [(draft: Int, place: Int, matrix: OutputTensor.Decoded)] = []
    for (draft, shard) in plan.shards.enumerated() {
      for (place, output) in shard.enumerated() {
        switch output.content {
        case .carried(let file, let tensor): items.append((draft, place, file, tensor))
        case .decoded(let decoded): matrices += decoded.map { (draft, place, $0) }
        case .experts: break
        }
      }
    }
    let digests = try await pool.map(count: items.count) { [items] item in
      let (draft, place, file, tensor) = items[item]
      return try copy(tensor, of: file, to: files.drafts[draft], place: place)
    }
    let decoded = try await pool.map(count: matrices.count, makeMemory: { WeightReader() }) {
      [matrices] reader, item in
      let (draft, place, matrix) = matrices[item]
      let source = try reader.readWithDigest(matrix.weight)
      let elements = StoredElements(reader.matrix, as: matrix.weight.elementType)
      let span = elements.bytes.span
      // Safe: bytes have no padding.
      try unsafe files.write(span.bytes, draft: draft, tensor: place, at: matrix.place)
      return Copies.Decoded(
        weight: matrix.weight.name, sha256: elements.digest, source: source)
    }
    return Copies(
      carried: Dictionary(uniqueKeysWithValues: zip(items.map(\.tensor.name), digests)),
      decoded: Dictionary(
        uniqueKeysWithValues: zip(matrices.map(\.matrix.place.name), decoded)))
  }
}

/// The digests of what was copied or decoded.
struct Copies: Sendable {
  /// A matrix that was decoded.
  struct Decoded: Sendable {
    /// What the checkpoint calls it.
    let weight: String
    /// The digest of its elements.
    let sha256: String
    /// The digest of the stored bytes that they were decoded from.
    let source: String
  }

  /// The digests of the tensors that were copied, by name.
  let carried: [String: String]
  /// The matrices that were decoded, by what the output calls them.
  let decoded: [String: Decoded]

  /// The digests of all that was read, by what the checkpoint calls it.
  var sources: [String: String] {
    carried.merging(decoded.values.map { ($0.weight, $0.source) }) { first, _ in first }
  }
}
