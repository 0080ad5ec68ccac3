internal import Experts
internal import Findings

/// What of a unit's changes is needed to show all units alike.
struct UnitChanges: Sendable {
  struct Pair: Sendable {
    let size: Double
    /// The row of the table.
    let cells: [Table.NamedCell]
  }

  let isOfGradients: Bool
  let largest: [Pair]
  /// The largest similarity of either run, and the largest change.
  let largestValue, largestSize: Double

  var measure: ComparedMeasure { isOfGradients ? .gradientSimilarity : .similarity }

  init(_ table: Table, of unit: RunUnit, keeping count: Int) {
    isOfGradients = unit.subject == .gradients
    let sizes = table[SimilarityChanges.change]
    let rows = sizes.indices.filter { sizes[$0].isFinite }.sorted {
      (abs(sizes[$0]), $1) > (abs(sizes[$1]), $0)
    }
    largest = rows.prefix(count).map { Pair(size: sizes[$0], cells: table.namedCells(ofRow: $0)) }
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
    typealias Row = SimilarityChanges
    let compared = self[Row.compared]
    func shown(_ side: Column<Double>, _ floor: Column<Double>) -> [Double] {
      zip(compared, zip(self[side], self[floor])).map { compared, side in
        let value = MeasuredValue(value: side.0, floor: side.1)
        return compared == .excess ? value.excess : value.value
      }
    }
    return (shown(Row.a, Row.floorA), shown(Row.b, Row.floorB))
  }
}
