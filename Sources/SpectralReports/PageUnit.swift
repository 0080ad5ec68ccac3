internal import Findings
internal import Foundation

/// What the page's script knows of one unit of a run.
struct PageUnit: Encodable {
  /// The unit's layer, and its projection; nil where the unit is about a whole layer.
  let layer: Int
  let projection: String?
  /// The panels of each section.
  let sections: [String: [PagePanel]]
  /// The experts in the order of the clustering.
  var order: [String]?
  /// The groups of more than one expert: their experts and mean similarity.
  var groups: [Group]?
  /// The most alike pairs.
  var pairs: [Pair]?

  struct Group: Encodable {
    let experts: [String]
    let mean: Double?
  }

  struct Pair: Encodable {
    let experts: [String]
    let value: Double?
    let floor: Double?
    let excess: Double?
  }

  /// Collects the panels of a unit, and its order, groups and pairs.
  init(_ unit: RunManifest.Unit, in run: RunFolder, figures: [Figure]) throws {
    self.init(layer: unit.layer, projection: unit.projection, figures: figures)
    guard unit.subject == .weights else { return }
    if let table = try run.table(.groups, of: unit) {
      let experts = table.texts("expert")
      let places = table.integers("order")
      let numbers = table.integers("group")
      let means = table.numbers("group_mean_cosine")
      let rows = (0..<table.rowCount).sorted { places[$0] < places[$1] }
      order = rows.map { experts[$0] }
      groups = Dictionary(grouping: rows) { numbers[$0] }.sorted { $0.key < $1.key }
        .filter { $0.value.count > 1 }
        .map { Group(experts: $0.value.map { experts[$0] }, mean: threeDigits(means[$0.value[0]])) }
    }
    if let table = try run.table(.redundantPairs, of: unit) {
      let a = table.texts("expert_a")
      let b = table.texts("expert_b")
      let values = table.numbers("mean_cosine")
      let floors = table.numbers("floor_mean_cosine")
      let excesses = table.numbers("excess")
      pairs = (0..<min(10, table.rowCount)).map {
        Pair(
          experts: [a[$0], b[$0]], value: threeDigits(values[$0]), floor: threeDigits(floors[$0]),
          excess: threeDigits(excesses[$0]))
      }
    }
  }

  /// Collects the panels of a layer and projection.
  init(layer: Int, projection: String?, figures: [Figure]) {
    self.layer = layer
    self.projection = projection
    let panels = figures.compactMap { figure in
      ReportSection(table: figure.table).map { (section: $0.rawValue, panel: figure) }
    }
    sections = Dictionary(grouping: panels, by: \.section).mapValues {
      $0.compactMap { PagePanel($0.panel) }
    }
  }

  /// Collects the figures of given sections.
  init(layer: Int, projection: String?, sections: [String: [Figure]]) {
    self.layer = layer
    self.projection = projection
    self.sections = sections.mapValues { $0.compactMap { PagePanel($0) } }
  }

  /// The unit as JSON that may stand in a script element.
  var json: String {
    get throws { try scriptJSON(self) }
  }
}

/// A value as JSON that may stand in a script element: whatever it holds, it cannot end that.
func scriptJSON(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
    .replacing("<", with: "\\u003c")
}
