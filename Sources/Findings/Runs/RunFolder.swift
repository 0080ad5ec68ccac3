import Experts
import Files
import Foundation

/// A folder of findings: `manifest.json`, the results of finished units, and the tables and figures
/// made of them.
///
/// Every file in it is whole or absent. Several processes may work in it: a unit is measured by one
/// of them, and what is made of all units has the same bytes whoever makes it.
public struct RunFolder: Sendable {
  /// Where the folder lies.
  public let path: String

  /// What the run is.
  public private(set) var manifest: RunManifest

  /// The results of units.
  let store: UnitStore

  /// Holds the folder where something is written; nil for a run that is only read.
  private let presence: FolderLock?

  static let subfolders = ["units", "tables", "figures"]

  /// Opens a folder for a run: makes it if need be, and resumes what the same command began.
  ///
  /// - Parameters:
  ///   - path: The folder; new, empty, or holding the same run.
  ///   - manifest: What is to be run, every unit open.
  ///   - removesLeftovers: Whether what killed processes left unfinished is removed where no other
  ///     works in the folder. Some network file systems keep locks of folders to one machine: there
  ///     processes of others would not be seen.
  /// - Throws: ``FindingsError/notAFolder(path:)``, ``FindingsError/notARun(path:)``,
  ///   ``FindingsError/anotherRun(path:difference:)``,
  ///   ``FindingsError/linkedFolder(path:target:)``, and
  ///   ``FindingsError/fileSystem(path:doing:reason:)``.
  public init(path: String, for manifest: RunManifest, removesLeftovers: Bool = true) throws {
    try Self.check(path: path, for: manifest)
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
    self.manifest = manifest
    try Self.makeFolder(path)
    store = UnitStore(in: path, plan: try manifest.plan)
    // The manifest comes first: a folder that has anything has one, so that it can be resumed. The
    // first process writes it before others may enter, and each sees whether it is the same run.
    presence = try Self.enter(store, removesLeftovers: removesLeftovers) {
      try Self.writeFirst(manifest, to: path)
    }
    try Self.writeFirst(manifest, to: path)
    try Self.check(path: path, for: manifest)
    updateStates()
    for name in Self.subfolders { try Self.makeFolder("\(path)/\(name)") }
  }

  /// Opens a run whose units all have results, as they were written for its manifest.
  ///
  /// - Parameters:
  ///   - path: A folder that was written before.
  ///   - forWriting: Whether tables, figures and the page shall be written to it.
  /// - Throws: ``FindingsError/noRun(path:reason:)``, ``FindingsError/otherManifest(path:)``,
  ///   ``FindingsError/unfinished(path:units:command:)``,
  ///   ``FindingsError/altered(path:files:command:)``,
  ///   ``FindingsError/editedManifest(path:command:)``,
  ///   ``FindingsError/linkedFolder(path:target:)`` where something shall be written, and
  ///   ``FindingsError/inUse(path:)``.
  /// - Complexity: O(size of the results): their digests are compared.
  public init(finishedAt path: String, forWriting: Bool) throws {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
    let sealed = try Self.sealedManifest(ofRunAt: path)
    manifest = sealed.manifest
    if forWriting { try Self.requireNoLinks(in: path) }
    store = UnitStore(in: path, plan: try manifest.plan)
    presence = forWriting ? try Self.enter(store) : nil
    try requireResults(comparesDigests: true)
    // The units vouch for the command that is told.
    guard try sealed.isAsWritten else {
      throw FindingsError.editedManifest(path: path, command: manifest.command(output: path))
    }
    guard forWriting else { return }
    for name in ["tables", "figures"] { try Self.makeFolder("\(path)/\(name)") }
  }

  /// The manifest of a run, finished or not, as its file has it.
  ///
  /// - Throws: ``FindingsError/noRun(path:reason:)``
  public static func manifest(ofRunAt path: String) throws -> RunManifest {
    try sealedManifest(ofRunAt: path).manifest
  }

  private static func sealedManifest(ofRunAt path: String) throws -> SealedManifest {
    guard let content = try existingContent(of: path) else {
      throw FindingsError.noRun(path: path, reason: "no such folder")
    }
    guard content.contains("manifest.json"),
      let data = FileManager.default.contents(atPath: "\(path)/manifest.json")
    else {
      throw FindingsError.noRun(path: path, reason: "holds no manifest.json that can be read")
    }
    guard let sealed = SealedManifest(file: data) else {
      throw FindingsError.noRun(
        path: path, reason: "its manifest.json is damaged, or of another version")
    }
    if let problem = sealed.manifest.problem {
      throw FindingsError.noRun(
        path: path, reason: "its manifest.json was edited or is damaged: \(problem)")
    }
    return sealed
  }

  /// What keeps units of a run from being whole, by the names of their folders; nothing of those that
  /// are.
  ///
  /// Nothing is entered, locked or removed.
  ///
  /// - Parameters:
  ///   - path: A folder that holds a run.
  ///   - comparesDigests: Whether files have to be as they were written; else their sizes are.
  /// - Returns: A few words for each unit that is not whole.
  /// - Throws: ``FindingsError/noRun(path:reason:)``
  /// - Complexity: O(size of the results) where digests are compared.
  public static func lackingUnits(
    ofRunAt path: String, comparesDigests: Bool
  ) throws -> [String: String] {
    let manifest = try manifest(ofRunAt: path)
    let store = UnitStore(in: path, plan: try manifest.plan)
    var lacking: [String: String] = [:]
    for name in manifest.units.map(\.key.folderName) {
      switch store.condition(of: name, comparesDigests: comparesDigests) {
      case .whole: continue
      case .absent: lacking[name] = "units/\(name) has no results"
      case .ofAnotherPlan: lacking[name] = "units/\(name) is of another run"
      case .altered(let file): lacking[name] = "units/\(name)/\(file) is not as it was written"
      }
    }
    return lacking
  }

  /// Checks that a folder can take a run, without changing anything.
  ///
  /// - Throws: As ``init(path:for:removesLeftovers:)``.
  public static func check(path: String, for manifest: RunManifest) throws {
    guard let content = try existingContent(of: path) else { return }
    let file = "\(path)/manifest.json"
    guard FileManager.default.fileExists(atPath: file) else {
      // A process that was killed while it wrote the manifest leaves no more than a part of it.
      guard content.allSatisfy({ $0.contains("manifest.json") && isUnfinished($0) }) else {
        throw FindingsError.notARun(path: path)
      }
      return
    }
    guard
      let data = FileManager.default.contents(atPath: file),
      let sealed = SealedManifest(file: data)
    else {
      throw FindingsError.anotherRun(
        path: path, difference: "its manifest.json is damaged, or of another version")
    }
    // What was edited is written anew; units tell themselves what they were made from.
    let isEdited = try !sealed.isAsWritten && sealed.manifest.plan == manifest.plan
    if !isEdited, let difference = manifest.difference(from: sealed.manifest) {
      throw FindingsError.anotherRun(path: path, difference: difference)
    }
    try requireNoLinks(in: path)
  }

  /// Makes sure that what is written to the folder, or removed from it, lies in it.
  private static func requireNoLinks(in path: String) throws {
    for name in subfolders + [".sdmoe"] {
      let place = "\(path)/\(name)"
      if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: place) {
        throw FindingsError.linkedFolder(path: place, target: target)
      }
    }
  }

  /// Reads a table of a finished unit; nil where the unit has none of that kind.
  ///
  /// - Parameters:
  ///   - definition: Which table.
  ///   - unit: The unit.
  ///   - columns: The columns that are wanted; all when left out.
  /// - Returns: The table.
  /// - Throws: ``FindingsError`` when the file is damaged.
  public func table(
    _ definition: TableDefinition, of unit: RunUnit, columns: [any TypedColumn]? = nil
  ) throws -> Table? {
    let file = path(of: definition, of: unit)
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    let table = try Table(readingFrom: file, as: definition, columns: columns)
    if let stranger = table.rowOfAnotherUnit(than: unit) {
      throw FindingsError.inconsistent(path: file, reason: "has rows of \(stranger)")
    }
    return table
  }

  /// Reads a table of all units, in their order; nil where no unit has one of that kind.
  ///
  /// It is read from the results of the units, so that all that is shown of a run comes from one
  /// place.
  ///
  /// - Throws: ``FindingsError`` when a file is damaged.
  /// - Complexity: O(size of the files); memory for all rows.
  public func table(_ definition: TableDefinition) throws -> Table? {
    var whole: Table?
    for unit in manifest.units {
      guard let part = try table(definition, of: unit) else { continue }
      if whole == nil { whole = part } else { whole?.append(rowsOf: part) }
    }
    return whole
  }

  /// Makes the tables of the run from those of its units, in the order of the units.
  ///
  /// - Parameter definitions: The tables to make; one that no unit has is removed.
  /// - Throws: ``FindingsError``; a table is whole or absent.
  /// - Complexity: O(size of the tables) time; memory for some lines.
  public func gatherTables(_ definitions: [TableDefinition]) throws {
    for definition in definitions {
      let target = tablePath(definition)
      if definition == .floors {
        try writeFloors(to: target)
        continue
      }
      let parts = manifest.units.map { "\(unitFolder($0))/\(definition.name).csv" }
        .filter { FileManager.default.fileExists(atPath: $0) }
      guard !parts.isEmpty else {
        try? FileManager.default.removeItem(atPath: target)
        continue
      }
      try WholeFile.write(to: target) { append in
        let header = Table.header(of: definition)
        try append(header)
        for part in parts { try Self.copyLines(ofTableAt: part, under: header, to: append) }
      }
    }
  }

  /// Writes a figure.
  ///
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``
  public func write(svg: String, ofFigure name: String) throws {
    try WholeFile.write(svg, to: "\(path)/figures/\(name).svg")
  }

  /// Writes a text as a file of the run.
  ///
  /// - Parameters:
  ///   - text: The content.
  ///   - name: Where the file lies in the folder.
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``; nothing is left behind.
  public func write(_ text: String, to name: String) throws {
    try WholeFile.write(text, to: "\(path)/\(name)")
  }

  /// Writes the manifest with the state of every unit as it is now.
  ///
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``
  public mutating func updateManifest() throws {
    updateStates()
    try WholeFile.write(try SealedManifest(manifest).json, to: "\(path)/manifest.json")
  }

  private mutating func updateStates() {
    for place in manifest.units.indices {
      manifest.units[place].state = isFinished(manifest.units[place]) ? .finished : .open
    }
  }

  private static func writeFirst(_ manifest: RunManifest, to folder: String) throws {
    let path = "\(folder)/manifest.json"
    if FileStatus(at: path) == nil {
      try WholeFile.write(try SealedManifest(manifest).json, to: path)
    }
  }

  /// Gives the lines of a unit's table as they were written, without the first one, a few at a time.
  private static func copyLines(
    ofTableAt path: String, under header: String, to append: (String) throws -> Void
  ) throws {
    let data = try WholeFile.contents(of: path)
    guard data.starts(with: header.utf8) else {
      throw FindingsError.wrongColumns(
        path: path, expected: String(header.dropLast()),
        actual: String(decoding: data.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }
    guard data.last == UInt8(ascii: "\n") else {
      let lineCount = data.count { $0 == UInt8(ascii: "\n") } + 1
      throw FindingsError.badLine(path: path, line: lineCount, reason: "is cut short")
    }
    var start = data.startIndex + header.utf8.count
    while start < data.endIndex {
      // A piece ends with a line, so that no character is cut.
      let least = min(start + 1 << 16, data.endIndex - 1)
      let end = data[least...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? data.endIndex
      try append(String(decoding: data[start..<end], as: UTF8.self))
      start = end
    }
  }

  /// Where a unit's table lies.
  public func path(of definition: TableDefinition, of unit: RunUnit) -> String {
    "\(unitFolder(unit))/\(definition.name).csv"
  }

  private func tablePath(_ definition: TableDefinition) -> String {
    "\(path)/tables/\(definition.name).csv"
  }

  private func unitFolder(_ unit: RunUnit) -> String { store.path(of: unit.key.folderName) }

  /// Units of equal shape share their floors: each is listed once.
  private func writeFloors(to target: String) throws {
    var lines: [String: (n: Int, k: Int, place: Int)] = [:]
    for unit in manifest.units {
      guard let table = try table(.floors, of: unit) else { continue }
      let n = table[Floors.n]
      let k = table[Floors.k]
      for (row, line) in table.lines.split(separator: "\n").enumerated() {
        if lines[String(line)] == nil { lines[String(line)] = (n[row], k[row], row) }
      }
    }
    guard !lines.isEmpty else {
      try? FileManager.default.removeItem(atPath: target)
      return
    }
    let sorted = lines.sorted {
      ($0.value.n, $0.value.k, $0.value.place) < ($1.value.n, $1.value.k, $1.value.place)
    }
    try WholeFile.write(to: target) { append in
      try append(Table.header(of: .floors))
      for line in sorted { try append(line.key + "\n") }
    }
  }

  /// Enters a folder together with others, and removes what processes that were killed left
  /// unfinished in it.
  ///
  /// Where the file system knows no locks nobody is told of, and nothing is removed.
  ///
  /// - Parameters:
  ///   - store: The results of units.
  ///   - removesLeftovers: Whether anything is removed.
  ///   - whileAlone: Called where no other process works in the folder, before one may enter.
  /// - Returns: What holds the folder.
  /// - Throws: ``FindingsError/inUse(path:)``, and what `whileAlone` throws.
  private static func enter(
    _ store: UnitStore, removesLeftovers: Bool = true, whileAlone: () throws -> Void = {}
  ) throws -> FolderLock {
    let path = store.folder
    let lock = try FolderLock(sharing: path) {
      guard removesLeftovers else { return try whileAlone() }
      store.removeLeftovers()
      for folder in [path, "\(path)/tables", "\(path)/figures", "\(path)/.sdmoe"] {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        // Beside the manifest and the page a user may keep files of his own.
        for name in names ?? []
        where isUnfinished(name)
          && (folder != path
            || ["manifest.json", "index.html", "scratch"].contains { name.contains($0) })
        {
          try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
      }
      try whileAlone()
    }
    guard let lock else { throw FindingsError.inUse(path: path) }
    return lock
  }

  /// Whether a file or folder bears the name that it has until it is whole.
  private static func isUnfinished(_ name: String) -> Bool {
    name.hasSuffix(".tmp")
  }

  /// What a folder holds, or nil where there is none.
  private static func existingContent(of path: String) throws -> [String]? {
    var isFolder: ObjCBool = false
    // Safe: Foundation writes one Boolean there during the call.
    guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      return nil
    }
    guard isFolder.boolValue else { throw FindingsError.notAFolder(path: path) }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw FindingsError.fileSystem(path: path, doing: "list this folder", reason: "no permission")
    }
  }

  private static func makeFolder(_ path: String) throws {
    do {
      try Files.makeFolder(at: path)
    } catch {
      throw FindingsError(error, path: path, doing: "make this folder")
    }
  }
}
