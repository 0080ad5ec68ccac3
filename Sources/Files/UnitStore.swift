import Foundation

/// The results of the units of a plan, each whole or absent, in a folder that several processes may
/// work in.
///
/// ```
/// FOLDER/units/<unit>/              the files of a finished unit
/// FOLDER/units/<unit>/contents.txt  the plan, and size and SHA-256 of each of its files
/// FOLDER/units/<unit>/sources.txt   SHA-256 of each stored piece that it was made from
/// FOLDER/units/<unit>.work/lock     held while a unit is being made
/// FOLDER/units/<unit>.work/*.tmp/   its files until then, a folder for each process
/// FOLDER/.sdmoe/                    how the input files looked when units were made
/// ```
///
/// What is there alone says how far the work is. A unit that another process makes is left to it. Where
/// the file system knows no locks, several may make one at once, each whole; one of them stays.
package struct UnitStore: Sendable {
  /// The folder.
  package let folder: String
  /// What tells the plan that units belong to from any other.
  package let plan: String

  /// Opens the store of a folder that exists; makes nothing.
  package init(in folder: String, plan: String) {
    self.folder = folder
    self.plan = plan
  }

  /// Where the files of a unit lie.
  package func path(of unit: String) -> String { "\(folder)/units/\(unit)" }

  private func workPath(of unit: String) -> String { "\(path(of: unit)).work" }

  // MARK: What is there

  static let contentsName = "contents.txt"
  static let sourcesName = "sources.txt"

  /// How the files of a unit lie there.
  package enum Condition: Equatable, Sendable {
    /// All of them, made for this plan, as they were written.
    case whole
    /// Not all of them.
    case absent
    /// Made for another plan.
    case ofAnotherPlan
    /// One is not as it was written, or was not written with the unit.
    case altered(file: String)
  }

  /// Looks at the files of a unit.
  ///
  /// - Parameters:
  ///   - unit: The unit's name.
  ///   - comparesDigests: Whether the files' bytes are looked at, and what else lies there, not
  ///     their sizes alone.
  /// - Returns: How they lie there; absent for a unit that is being made.
  /// - Complexity: O(size of the files) where digests are compared.
  package func condition(of unit: String, comparesDigests: Bool) -> Condition {
    let folder = path(of: unit)
    let list = "\(folder)/\(Self.contentsName)"
    guard FileStatus(at: list) != nil else { return .absent }
    guard let contents = UnitContents(at: list) else { return .altered(file: Self.contentsName) }
    guard contents.plan == plan else { return .ofAnotherPlan }
    for file in contents.files {
      let path = "\(folder)/\(file.name)"
      guard let status = FileStatus(at: path) else { return .absent }
      let isAsWritten =
        status.byteCount == file.byteCount
        && (!comparesDigests || (try? UnitContents.File(at: path, name: file.name)) == file)
      if !isAsWritten { return .altered(file: file.name) }
    }
    guard comparesDigests else { return .whole }
    let known = Set(contents.files.map(\.name)).union([Self.contentsName])
    // What file browsers and network file systems leave is hidden, and nobody reads it.
    let stranger = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
      .first { !known.contains($0) && !$0.hasPrefix(".") }
    return stranger.map { .altered(file: $0) } ?? .whole
  }

  /// Whether all files of a unit are there, made for this plan; see
  /// ``condition(of:comparesDigests:)``.
  package func holds(_ unit: String, comparesDigests: Bool) -> Bool {
    condition(of: unit, comparesDigests: comparesDigests) == .whole
  }

  /// What a finished unit was made from; nil where that is not known.
  package func sources(of unit: String) -> UnitSources? {
    FileManager.default.contents(atPath: "\(path(of: unit))/\(Self.sourcesName)")
      .flatMap { UnitSources(text: String(decoding: $0, as: UTF8.self)) }
  }

  /// Whether another process makes a unit.
  package func isBeingMade(_ unit: String) -> Bool { WorkLock.isTaken(in: workPath(of: unit)) }

  // MARK: Making units

  /// What comes of the wish to make a unit.
  package enum Beginning: Sendable {
    /// This process makes it.
    case mine(UnitDraft)
    /// Another process makes it.
    case others
    /// It is there.
    case finished
  }

  /// Begins a unit, unless another process makes it or has made it.
  ///
  /// - Parameters:
  ///   - unit: The unit's name.
  ///   - isFinished: Whether what lies there for the unit is what is wanted.
  /// - Returns: Who makes the unit.
  /// - Throws: ``StoreError``
  package func begin(_ unit: String, unless isFinished: () -> Bool) throws(StoreError) -> Beginning
  {
    if isFinished() { return .finished }
    let work = workPath(of: unit)
    let draft: UnitDraft
    do {
      guard let lock = try WorkLock(in: work) else { return .others }
      draft = try UnitDraft(store: self, unit: unit, lock: lock)
    } catch {
      throw StoreError(path: work, doing: "make this folder", error)
    }
    // It may have been finished since.
    return isFinished() ? .finished : .mine(draft)
  }

  /// Removes the results of a unit, unless another process makes it anew.
  ///
  /// - Parameters:
  ///   - unit: The unit's name.
  ///   - isWanted: Whether what lies there is what is wanted after all.
  /// - Throws: ``StoreError``, and what `isWanted` throws.
  package func remove(_ unit: String, unless isWanted: () throws -> Bool) throws {
    guard case .mine(let draft) = try begin(unit, unless: { false }) else { return }
    defer { draft.discard() }
    if FileStatus(at: path(of: unit)) == nil { return }
    if try isWanted() { return }
    // In one step, so that nobody sees a part of it.
    let former = temporaryPath(beside: path(of: unit))
    do {
      try replace(former, with: path(of: unit))
    } catch {
      throw StoreError(path: path(of: unit), doing: "remove this folder", error)
    }
    try? FileManager.default.removeItem(atPath: former)
  }

  /// Removes what processes that were killed have left of units; nobody else may work here.
  ///
  /// A unit whose lock is held is left alone all the same: folders on a network may be locked for one
  /// machine alone, while the locks of files are seen by all.
  package func removeLeftovers() {
    let manager = FileManager.default
    let units = "\(folder)/units"
    for name in (try? manager.contentsOfDirectory(atPath: units)) ?? [] {
      if name.hasSuffix(".work") {
        guard let lock = try? WorkLock(in: "\(units)/\(name)") else { continue }
        try? manager.removeItem(atPath: "\(units)/\(name)")
        withExtendedLifetime(lock) {}
      } else if name.hasSuffix(".tmp") {
        try? manager.removeItem(atPath: "\(units)/\(name)")
      }
    }
  }
}

/// What `contents.txt` says of a unit.
struct UnitContents: Equatable {
  struct File: Equatable {
    let name: String
    let byteCount: Int
    let sha256: String

    /// Describes a file as it lies there.
    init(at path: String, name: String) throws(SystemError) {
      self.name = name
      var digest = SHA256Digest()
      byteCount = try FileDescriptor(reading: path).forEachPiece { digest.update($0) }
      sha256 = digest.finish()
    }

    init?(line: Substring) {
      let words = line.split(separator: " ")
      guard words.count == 3, let size = Int(words[1]) else { return nil }
      name = String(words[0])
      byteCount = size
      sha256 = String(words[2])
    }
  }

  let plan: String
  let files: [File]

  var text: String {
    "plan \(plan)\n"
      + files.map { "\($0.name) \($0.byteCount) \($0.sha256)\n" }.joined()
  }

  init(plan: String, files: [File]) {
    self.plan = plan
    self.files = files
  }

  /// Reads the file; nil where it is missing or damaged.
  init?(at path: String) {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
    guard let first = lines.first, first.hasPrefix("plan ") else { return nil }
    plan = String(first.dropFirst("plan ".count))
    files = lines.dropFirst().compactMap { File(line: $0) }
    guard !files.isEmpty, files.count == lines.count - 1 else { return nil }
  }
}
