import Experts
import Files
import Foundation
import Findings
import TensorFiles

/// The folder beside the output in which a conversion works until it is whole.
///
/// ```
/// OUT.sdmoe-partial/conversion    tells which conversion it is
/// OUT.sdmoe-partial/output/       what will be OUT
/// OUT.sdmoe-partial/units/        what is known of finished units, and their factors: a UnitStore
/// OUT.sdmoe-partial/replaced/     what was OUT before, with --force
/// ```
struct WorkFolder: Sendable {
  let path: String
  /// Where the output shall lie.
  let target: String
  /// What is known of units.
  let store: UnitStore
  private let lock: FolderLock

  var output: String { "\(path)/output" }
  private var replaced: String { "\(path)/replaced" }

  /// The folder of an output.
  static func path(for target: String) -> String { "\(target).sdmoe-partial" }

  /// Makes the folder, or enters that of the same conversion.
  ///
  /// - Throws: ``DecouplingError/otherConversion(path:)``, ``DecouplingError/inUse(path:)``, and
  ///   ``DecouplingError/fileSystem(path:doing:reason:)``.
  init(for target: String, identity: String) throws {
    self.target = target
    path = Self.path(for: target)
    store = UnitStore(in: path, plan: identity)
    let file = "\(path)/conversion"
    let folder = path
    try Self.systemCall(folder, "make this folder") { () throws(SystemError) in
      try makeFolder(at: folder)
    }
    guard let lock = FolderLock(in: path) else { throw DecouplingError.inUse(path: path) }
    self.lock = lock
    // Under the lock: what is read now stays so.
    let known = FileManager.default.contents(atPath: file).map {
      String(decoding: $0, as: UTF8.self)
    }
    if let known, known != identity { throw DecouplingError.otherConversion(path: path) }
    if known == nil, let content = try? FileManager.default.contentsOfDirectory(atPath: path),
      content.contains(where: { !$0.hasPrefix("conversion.") })
    {
      throw DecouplingError.otherConversion(path: path)
    }
    if known == nil { try WholeFile.write(identity, to: file) }
    for name in ["output", "units"] {
      try Self.systemCall("\(folder)/\(name)", "make this folder") { () throws(SystemError) in
        try makeFolder(at: "\(folder)/\(name)")
      }
    }
    store.removeLeftovers()
  }

  /// Removes everything from the output that is written anew, be it of an interrupted run or of
  /// files that the checkpoint had then.
  ///
  /// - Throws: ``DecouplingError/fileSystem(path:doing:reason:)``
  func clear(except names: [String]) throws {
    let there = (try? FileManager.default.contentsOfDirectory(atPath: output)) ?? []
    for name in there where !names.contains(name) {
      do {
        try FileManager.default.removeItem(atPath: "\(output)/\(name)")
      } catch {
        throw DecouplingError.fileSystem(
          path: "\(output)/\(name)", doing: "remove", reason: "no permission")
      }
    }
  }

  private static let recordName = "record.json"
  private static let factorsName = "factors.safetensors"

  /// The file of a finished unit's factors.
  func factorsPath(_ unit: ConvertedUnit) -> String {
    "\(store.path(of: unit.key.folderName))/\(Self.factorsName)"
  }

  /// What is known of a unit, where it was finished and its files are as they were written; whoever
  /// uses it compares the rest.
  func record(of unit: ConvertedUnit) -> UnitRecord? {
    guard store.holds(unit.key.folderName, comparesDigests: true) else { return nil }
    let path = "\(store.path(of: unit.key.folderName))/\(Self.recordName)"
    return FileManager.default.contents(atPath: path).flatMap {
      try? JSONDecoder().decode(UnitRecord.self, from: $0)
    }
  }

  /// Compares what a finished unit was made from with what the input holds now.
  func isOfInput(_ unit: ConvertedUnit, pieces: [InputPiece], rechecks: Bool) throws -> Bool {
    try store.compare(unit.key.folderName, with: pieces, rechecks: rechecks).otherCount == 0
  }

  /// Keeps what is known of a unit, and its factors.
  ///
  /// - Parameters:
  ///   - unit: The unit.
  ///   - factors: Its factors.
  ///   - sources: What it was made from.
  ///   - stamps: How the input files looked before they were read.
  ///   - record: What is known of it, from the digest of the factors.
  /// - Returns: The record.
  /// - Throws: ``DecouplingError/fileSystem(path:doing:reason:)``
  func keep(
    _ unit: ConvertedUnit, factors: UnitFactors, madeFrom sources: UnitSources,
    stamps: Set<String>, record: (String) -> UnitRecord
  ) throws -> UnitRecord {
    do {
      // What lies there is of another input, or damaged.
      guard case .mine(let draft) = try store.begin(unit.key.folderName, unless: { false }) else {
        throw DecouplingError.inUse(path: path)
      }
      let record = record(try factors.write(to: "\(draft.folder)/\(Self.factorsName)"))
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let text = String(decoding: try encoder.encode(record), as: UTF8.self)
      try WholeFile.write(text, to: "\(draft.folder)/\(Self.recordName)")
      try draft.finish(madeFrom: sources, stamps: stamps)
      return record
    } catch let error as StoreError {
      throw DecouplingError.fileSystem(
        path: error.path, doing: error.action, reason: error.reason)
    }
  }

  /// Gives the output its name, and removes this folder.
  func finish() throws {
    if FileStatus(at: target) != nil {
      // An empty folder gives way by itself.
      let content = try? FileManager.default.contentsOfDirectory(atPath: target)
      if content?.isEmpty != true { try move(target, to: replaced) }
    }
    try move(output, to: target)
    remove()
  }

  /// Removes this folder, its own name last, so that it can be told until then; what others put here
  /// stays.
  func remove() {
    let manager = FileManager.default
    for name in ["units", ".sdmoe", "replaced", "output", "conversion"] {
      try? manager.removeItem(atPath: "\(path)/\(name)")
    }
    removeEmptyFolder(at: path)
  }

  /// Removes what a conversion made that can never be finished, so that another one finds the place
  /// free; what was OUT before, and what others put here, stays.
  func discard() {
    guard FileStatus(at: replaced) == nil else { return }
    for name in ["units", ".sdmoe", "output"] {
      try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
    let rest = try? FileManager.default.contentsOfDirectory(atPath: path)
    if rest == ["conversion"] { remove() }
  }

  private func move(_ from: String, to target: String) throws {
    try Self.systemCall(target, "give the folder this name") { () throws(SystemError) in
      try replace(target, with: from)
    }
  }

  private static func systemCall(
    _ path: String, _ action: String, _ body: () throws(SystemError) -> Void
  ) throws {
    do throws(SystemError) {
      try body()
    } catch {
      throw DecouplingError.fileSystem(path: path, doing: action, reason: error.reason)
    }
  }
}
