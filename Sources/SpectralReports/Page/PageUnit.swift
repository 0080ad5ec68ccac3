internal import Experts
internal import Findings
internal import Foundation

/// What the page's script knows of one unit of a run.
struct PageUnit: Encodable {
  /// The unit's layer, and its projection; nil where the unit is about a whole layer.
  let layer: Int
  let projection: Projection?
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
  init(_ unit: RunUnit, in run: RunFolder, figures: [FigureGroup]) throws {
    self.init(layer: unit.layer, projection: unit.key.projection, figures: figures)
    guard unit.subject == .weights else { return }
    if let table = try run.table(.groups, of: unit) {
      let experts = table[Groups.expert]
      let places = table[Groups.order]
      let numbers = table[Groups.group]
      let means = table[Groups.groupMeanCosine]
      let rows = (0..<table.rowCount).sorted { places[$0] < places[$1] }
      order = rows.map { experts[$0].text }
      groups = Dictionary(grouping: rows) { numbers[$0] }.sorted { $0.key < $1.key }
        .filter { $0.value.count > 1 }
        .map {
          Group(experts: $0.value.map { experts[$0].text }, mean: threeDigits(means[$0.value[0]]))
        }
    }
    if let table = try run.table(.redundantPairs, of: unit) {
      let a = table[RedundantPairs.expertA]
      let b = table[RedundantPairs.expertB]
      let values = table[RedundantPairs.meanCosine]
      let floors = table[RedundantPairs.floorMeanCosine]
      let excesses = table[RedundantPairs.excess]
      pairs = (0..<min(10, table.rowCount)).map {
        Pair(
          experts: [a[$0].text, b[$0].text], value: threeDigits(values[$0]),
          floor: threeDigits(floors[$0]),
          excess: threeDigits(excesses[$0]))
      }
    }
  }

  /// Collects the panels of a layer and projection.
  init(layer: Int, projection: Projection?, figures: [FigureGroup]) {
    self.layer = layer
    self.projection = projection
    sections = Dictionary(grouping: figures, by: \.section.id).mapValues { groups in
      groups.flatMap(\.figures).compactMap { PagePanel($0) }
    }
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
