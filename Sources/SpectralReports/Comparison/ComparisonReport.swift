internal import Experts
internal import Files
internal import Foundation
public import Findings
internal import Workers

/// The folder that shows a comparison of runs: tables, figures, and a page.
///
/// ```
/// OUT/comparison.json                              what was compared, and how
/// OUT/tables/layer_changes.csv, largest_changes.csv
/// OUT/tables/similarity_changes/layer-000-gate_proj.csv
/// OUT/tables/run_means.csv, run_layers.csv         in their places, of more than two runs
/// OUT/figures/*.svg
/// OUT/index.html
/// ```
public struct ComparisonReport: Sendable {
  private let content: Content
  private let version: String

  private enum Content {
    case two(RunComparison)
    case series(RunSeries)
  }

  static let manifestName = "comparison.json"

  /// How many of the largest changes are told.
  private static let largestCount = 100

  /// Takes a comparison, and the version that the report names.
  public init(of comparison: RunComparison, version: String) {
    content = .two(comparison)
    self.version = version
  }

  /// Takes runs in an order, and the version that the report names.
  public init(of series: RunSeries, version: String) {
    content = .series(series)
    self.version = version
  }

  /// What changed, in sentences.
  public var sentences: [String] {
    switch content {
    case .two(let comparison): ComparisonSentences(of: comparison).paragraphs
    case .series(let series): series.sentences
    }
  }

  /// The numbers behind the sentences: what changed in each layer of two runs, in the form of
  /// `TableDefinition.layerChanges`, or the means of several, in that of `TableDefinition.runMeans`.
  public var numbers: Table {
    switch content {
    case .two(let comparison): comparison.layerChangeTable
    case .series(let series): series.meanTable
    }
  }

  private var runs: [RunFolder] {
    switch content {
    case .two(let comparison): comparison.runs.runs
    case .series(let series): series.runs.runs
    }
  }

  /// Checks that a folder can take the report, without changing anything.
  ///
  /// - Parameters:
  ///   - target: Where the report shall lie.
  ///   - replacing: Whether an earlier comparison may give way.
  /// - Throws: ``ComparisonError/outputExists(path:isComparison:)``,
  ///   ``ComparisonError/mountPoint(path:)``, ``ComparisonError/foreignFiles(path:names:)`` and ``ComparisonError/insideRun(path:run:)``.
  public func check(target: String, replacing: Bool) throws {
    if let run = runs.map(\.path).first(where: { lies(target, in: $0) }) {
      throw ComparisonError.insideRun(path: target, run: run)
    }
    let place = resolvedPath(target)
    if isMountPoint(place) { throw ComparisonError.mountPoint(path: target) }
    let manager = FileManager.default
    let content = try? manager.contentsOfDirectory(atPath: place)
    guard manager.fileExists(atPath: place), content?.isEmpty != true else { return }
    let isComparison = content?.contains(Self.manifestName) == true
    guard replacing, isComparison else {
      throw ComparisonError.outputExists(path: target, isComparison: isComparison)
    }
    let foreign = Self.foreignFiles(in: place)
    guard foreign.isEmpty else {
      throw ComparisonError.foreignFiles(path: target, names: foreign)
    }
  }

  /// What the folder of a comparison holds that was not written with it, or was changed since.
  private static func foreignFiles(in folder: String) -> [String] {
    let manager = FileManager.default
    let written =
      manager.contents(atPath: "\(folder)/\(manifestName)")
      .flatMap { try? JSONDecoder().decode(WrittenFiles.self, from: $0) }?.files ?? [:]
    let changed = written.filter { name, digest in
      (try? WholeFile.digest(of: "\(folder)/\(name)")).map { $0 != digest } ?? false
    }
    return unknownEntries(of: folder, besides: Set(written.keys).union([manifestName]))
      + changed.keys.sorted()
  }

  /// The digests of all files of a comparison but its manifest, by their paths in the folder.
  static func digests(of folder: String) throws -> [String: String] {
    var digests: [String: String] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
      let path = "\(folder)/\(name)"
      guard FileStatus(at: path)?.irregularKind == nil else { continue }
      digests[name] = try WholeFile.digest(of: path)
    }
    return digests
  }

  /// What a manifest tells of its folder.
  private struct WrittenFiles: Decodable { let files: [String: String] }

  /// Writes the report; it is whole or absent.
  ///
  /// It is made in a folder beside the target, `TARGET.sdmoe-comparison`, which a process that is
  /// killed leaves behind, and the next one begins anew.
  ///
  /// - Parameters:
  ///   - target: Where the report shall lie; see ``check(target:replacing:)``.
  ///   - workers: How many units to work on at once.
  /// - Throws: `FindingsError` for damaged tables, and where a file cannot be written.
  /// - Complexity: O(size of the tables) time; memory for the tables of `width` units, and the page.
  public func write(to target: String, workers: Int) async throws {
    let place = resolvedPath(target)
    let folder = "\(place).sdmoe-comparison"
    let manager = FileManager.default
    do throws(SystemError) {
      try makeFolder(at: folder)
    } catch {
      throw FindingsError.fileSystem(
        path: target, doing: "make a folder beside this", reason: error.reason)
    }
    guard let lock = FolderLock(in: folder) else {
      throw FindingsError.fileSystem(
        path: target, doing: "work here",
        reason: "another sdmoe does; run the same command again when it is done")
    }
    defer {
      try? manager.removeItem(atPath: folder)
      withExtendedLifetime(lock) {}
    }
    do throws(SystemError) {
      try? manager.removeItem(atPath: "\(folder)/new")
      for name in ["new/tables", "new/figures"] { try makeFolder(at: "\(folder)/\(name)") }
    } catch {
      throw FindingsError.fileSystem(
        path: target, doing: "make a folder beside this", reason: error.reason)
    }
    switch content {
    case .two(let comparison):
      try await fill("\(folder)/new", with: comparison, workers: workers)
    case .series(let series): try series.write(to: "\(folder)/new", version: version)
    }
    // Somebody may have put something there meanwhile.
    try check(target: target, replacing: true)
    do throws(SystemError) {
      // An empty folder gives way by itself; an earlier comparison stays until it is replaced.
      if (try? manager.contentsOfDirectory(atPath: place))?.isEmpty == false {
        try replace("\(folder)/old", with: place)
      }
      try replace(place, with: "\(folder)/new")
    } catch {
      throw FindingsError.fileSystem(
        path: target, doing: "give the folder this name", reason: error.reason)
    }
  }

  private func fill(
    _ folder: String, with comparison: RunComparison, workers: Int
  ) async throws {
    let units = comparison.comparableUnits
    let pool = WorkerPool(count: workers)
    let found = try await pool.map(count: units.count) { place in
      try comparison.similarityChanges(of: units[place]).map {
        UnitChanges($0, of: units[place], keeping: Self.largestCount)
      }
    }
    let changes = found.compactMap(\.self)
    let pairs = "\(folder)/tables/similarity_changes"
    do {
      try makeFolder(at: pairs)
    } catch {
      throw FindingsError.fileSystem(path: pairs, doing: "make this folder", reason: error.reason)
    }
    let scales = ChangeScales(holding: changes)
    let parts = try await pool.map(count: units.count) { place in
      let unit = units[place]
      guard let table = try comparison.similarityChanges(of: unit) else { return PagePart?.none }
      let name = "similarity_changes/\(unit.key.folderName)"
      try table.write(to: "\(folder)/tables/\(name).csv")
      let figures = changeHeatmaps(table, of: unit, in: comparison, scales: scales, csv: name)
      for figure in figures {
        try WholeFile.write(figure.svg, to: "\(folder)/figures/\(figure.name).svg")
      }
      let group = FigureGroup(
        section: unit.subject == .gradients ? .comparedGradients : .comparedPairs,
        figures: figures)
      var data = PageUnit(layer: unit.layer, projection: unit.projection, figures: [group])
      data.order = try comparison.order(of: unit)
      return try PagePart(data, figures: [group])
    }
    let profiles = comparison.profiles
    for figure in profiles {
      try WholeFile.write(figure.svg, to: "\(folder)/figures/\(figure.name).svg")
    }
    let largest = largestChanges(of: changes)
    for table in [comparison.layerChangeTable, largest] {
      try table.write(to: "\(folder)/tables/\(table.definition.name).csv")
    }
    let page = try ComparisonPage(
      comparison: comparison, sentences: ComparisonSentences(of: comparison).paragraphs,
      profiles: profiles,
      parts: parts.compactMap(\.self), largest: largest)
    try WholeFile.write(page.html, to: "\(folder)/index.html")
    try WholeFile.write(
      try ComparisonManifest(of: comparison, version: version, files: Self.digests(of: folder))
        .json,
      to: "\(folder)/\(Self.manifestName)")
  }

  /// The largest changes over all units, the largest first.
  private func largestChanges(of changes: [UnitChanges]) -> Table {
    let sorted = changes.flatMap { unit in unit.largest.map { (unit: unit, pair: $0) } }
      .sorted { first, second in
        let sizes = (abs(first.pair.size), abs(second.pair.size))
        return sizes.0 > sizes.1
      }
    var table = Table(.largestChanges)
    for (place, entry) in sorted.prefix(Self.largestCount).enumerated() {
      table.append(
        contentsOf: [LargestChanges.rank(place + 1), LargestChanges.measure(entry.unit.measure)]
          + entry.pair.cells)
    }
    return table
  }
}
