internal import Files
internal import Foundation
internal import Findings
internal import Workers

/// The folder that shows a comparison of two runs: tables, figures, and a page.
///
/// ```
/// OUT/comparison.json                              what was compared, and how
/// OUT/tables/layer_changes.csv, largest_changes.csv
/// OUT/tables/similarity_changes/layer-000-gate_proj.csv
/// OUT/figures/*.svg
/// OUT/index.html
/// ```
public struct ComparisonReport: Sendable {
  private let comparison: RunComparison
  private let version: String

  static let manifestName = "comparison.json"

  /// How many of the largest changes are told.
  private static let largestCount = 100

  /// Takes a comparison, and the version that the report names.
  public init(of comparison: RunComparison, version: String) {
    self.comparison = comparison
    self.version = version
  }

  /// What changed, in sentences.
  public var sentences: [String] { ComparisonSentences(of: comparison).paragraphs }

  /// Checks that a folder can take the report, without changing anything.
  ///
  /// - Parameters:
  ///   - target: Where the report shall lie.
  ///   - replacing: Whether an earlier comparison may give way.
  /// - Throws: ``ComparisonError/outputExists(path:isComparison:)`` and
  ///   ``ComparisonError/insideRun(path:run:)``.
  public func check(target: String, replacing: Bool) throws {
    let place = Self.place(of: target)
    for run in [comparison.first.path, comparison.second.path] {
      let folder = Self.place(of: run)
      if place == folder || place.hasPrefix(folder + "/") {
        throw ComparisonError.insideRun(path: target, run: run)
      }
    }
    let manager = FileManager.default
    let content = try? manager.contentsOfDirectory(atPath: place)
    guard manager.fileExists(atPath: place), content?.isEmpty != true else { return }
    let isComparison = content?.contains(Self.manifestName) == true
    guard replacing, isComparison else {
      throw ComparisonError.outputExists(path: target, isComparison: isComparison)
    }
  }

  /// Writes the report; it is whole or absent.
  ///
  /// It is made in a folder beside the target, `TARGET.sdmoe-comparison`, which a process that is
  /// killed leaves behind, and the next one begins anew.
  ///
  /// - Parameters:
  ///   - target: Where the report shall lie; see ``check(target:replacing:)``.
  ///   - width: How many units to work on at once.
  /// - Throws: `FindingsError` for damaged tables, and where a file cannot be written.
  /// - Complexity: O(size of the tables) time; memory for the tables of `width` units, and the page.
  public func write(to target: String, width: Int) async throws {
    let place = Self.place(of: target)
    let folder = "\(place).sdmoe-comparison"
    let manager = FileManager.default
    defer { try? manager.removeItem(atPath: folder) }
    do {
      try? manager.removeItem(atPath: folder)
      for name in ["new/tables/similarity_changes", "new/figures"] {
        try manager.createDirectory(
          atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      }
    } catch {
      throw FindingsError.fileSystem(
        path: target, doing: "make a folder beside this", reason: "no permission, or no space")
    }
    try await fill("\(folder)/new", width: width)
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

  /// Where a path leads, behind links and without slashes at its end.
  private static func place(of path: String) -> String {
    URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path
  }

  private func fill(_ folder: String, width: Int) async throws {
    let comparison = comparison
    let units = comparison.comparableUnits
    let found = try await workSideBySide(count: units.count, width: width, makeState: {}) {
      _, place in
      try comparison.similarityChanges(of: units[place]).map {
        UnitChanges($0, of: units[place], keeping: Self.largestCount)
      }
    }
    let changes = found.compactMap(\.self)
    let scales = ChangeScales(holding: changes)
    let parts = try await workSideBySide(count: units.count, width: width, makeState: {}) {
      let unit = units[$1]
      guard let table = try comparison.similarityChanges(of: unit) else { return PagePart?.none }
      let name = "similarity_changes/\(unit.name)"
      try WholeFile.write(
        Table.header(of: table.definition) + table.lines, to: "\(folder)/tables/\(name).csv")
      let figures = changeHeatmaps(table, of: unit, in: comparison, scales: scales, csv: name)
      for figure in figures {
        try WholeFile.write(figure.svg, to: "\(folder)/figures/\(figure.name).svg")
      }
      var data = PageUnit(
        layer: unit.layer, projection: unit.projection,
        sections: [unit.subject == .gradients ? "gradients" : "maps": figures])
      data.order = try comparison.order(of: unit)
      return PagePart(
        layer: unit.layer, projection: unit.projection, figures: figures.map(\.name),
        tables: [table.definition.name], json: try data.json)
    }
    let profiles = comparison.profiles
    for figure in profiles {
      try WholeFile.write(figure.svg, to: "\(folder)/figures/\(figure.name).svg")
    }
    let largest = largestChanges(of: changes)
    for table in [comparison.layerChangeTable, largest] {
      try WholeFile.write(
        Table.header(of: table.definition) + table.lines,
        to: "\(folder)/tables/\(table.definition.name).csv")
    }
    try WholeFile.write(
      try ComparisonManifest(of: comparison, version: version).json,
      to: "\(folder)/\(Self.manifestName)")
    let page = try ComparisonPage(
      comparison: comparison, sentences: sentences, profiles: profiles,
      parts: parts.compactMap(\.self), largest: largest)
    try WholeFile.write(page.html, to: "\(folder)/index.html")
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
        contentsOf: [.integer(place + 1), .text(entry.unit.measure)] + entry.pair.cells)
    }
    return table
  }
}

/// What of a unit's changes is needed to show all units alike.
struct UnitChanges: Sendable {
  struct Pair: Sendable {
    let size: Double
    /// The row of the table.
    let cells: [Table.Cell]
  }

  let isOfGradients: Bool
  let largest: [Pair]
  /// The largest similarity of either run, and the largest change.
  let largestValue, largestSize: Double

  var measure: String { (isOfGradients ? "gradient_" : "") + "similarity" }

  init(_ table: Table, of unit: RunManifest.Unit, keeping count: Int) {
    isOfGradients = unit.subject == .gradients
    let sizes = table.numbers("change")
    let rows = sizes.indices.filter { sizes[$0].isFinite }.sorted {
      (abs(sizes[$0]), $1) > (abs(sizes[$1]), $0)
    }
    largest = rows.prefix(count).map { Pair(size: sizes[$0], cells: table.cells(ofRow: $0)) }
    largestSize = rows.first.map { abs(sizes[$0]) } ?? 0
    let shown = table.shownSides
    largestValue = (shown.a + shown.b).filter(\.isFinite).max() ?? 0
  }
}

/// One scale for all maps of a kind.
struct ChangeScales: Sendable {
  private let values: [Bool: Double]
  private let sizes: [Bool: Double]

  init(holding changes: [UnitChanges]) {
    func largest(_ value: (UnitChanges) -> Double) -> [Bool: Double] {
      Dictionary(grouping: changes, by: \.isOfGradients).mapValues {
        scaleEnd(of: $0.map(value))
      }
    }
    values = largest(\.largestValue)
    sizes = largest(\.largestSize)
  }

  func value(ofGradients: Bool) -> Double { min(1, values[ofGradients] ?? 1) }
  func size(ofGradients: Bool) -> Double { sizes[ofGradients] ?? 1 }
}

extension Table {
  /// What is compared of both runs: the values, or their excess over chance.
  var shownSides: (a: [Double], b: [Double]) {
    let compared = texts("compared")
    func shown(_ side: String) -> [Double] {
      let values = numbers(side)
      let floors = numbers("floor_\(side)")
      return values.indices.map { row in
        let value = MeasuredValue(value: values[row], floor: floors[row])
        return compared[row] == "excess" ? value.excess : value.value
      }
    }
    return (shown("a"), shown("b"))
  }
}
