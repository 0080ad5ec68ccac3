public import Findings
internal import Pictures

extension FigureKind {
  /// How much of a router row lies in each expert.
  static let routerScore = FigureKind(
    of: .routerScore, in: .router, paperFigure: "2b, all pairs",
    shows: "how much of a router row lies in each expert",
    scale: FigureScale(table: .routerScore) { routerScoreScaleMaximum(of: $0) }
  ) {
    routerScoreHeatmaps(
      routerScore: $0.table, scaleMaximum: $0.scaleMaximum, largestLayer: $0.largestLayer)
  }
}

/// Draws how far each router row lies in the leading subspace of each expert, a heatmap for each
/// layer and projection.
///
/// - Parameters:
///   - routerScore: A table in the form of `TableDefinition.routerScore`, a whole run or a part of
///     one.
///   - scaleMaximum: The value of the last colour; what `routerScoreScaleMaximum(of:)` gives for
///     this table when left out. A maximum of 0, nothing to show, is drawn as 1.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer and projection, in their order, named like
///   `router_score-layer-00-gate_proj`. Rows are router rows, columns are experts.
/// - Precondition: The table has the columns of that definition, and the scale's maximum is finite
///   and not negative.
/// - Complexity: O(rows) in time; each figure takes about ten bytes for each cell.
public func routerScoreHeatmaps(
  routerScore: Table, scaleMaximum: Double? = nil, largestLayer: Int? = nil
) -> [Figure] {
  let routerRows = routerScore[RouterScore.routerRow]
  let experts = routerScore[RouterScore.expert]
  let scores = routerScore[RouterScore.score]
  let floors = routerScore[RouterScore.floorScore]
  let scaleMaximum = scaleMaximum ?? routerScoreScaleMaximum(of: routerScore)

  return routerScore.figures(largestLayer: largestLayer) { _, title, rows in
    let rowPlaces = Places(rows.map { routerRows[$0] })
    let columnPlaces = Places(rows.map { experts[$0] })
    var values = [Double](repeating: .nan, count: rowPlaces.count * columnPlaces.count)
    for row in rows {
      guard let y = rowPlaces[routerRows[row]], let x = columnPlaces[experts[row]] else { continue }
      values[y * columnPlaces.count + x] = scores[row]
    }

    let floor = rows.map { floors[$0] }.first { !$0.isNaN } ?? .nan
    let chance = floor.isNaN ? "" : "; random floor \(shareText(floor))"
    let heatmap = Heatmap(
      title: "\(title) · hidden side · router score",
      subtitle: "share of a router row that lies in an expert's top-k subspace" + chance,
      measure: "score", rowTitle: "router row", columnTitle: "expert",
      rowLabels: rowPlaces.labels, columnLabels: columnPlaces.labels, values: values,
      hasNeutralDiagonal: false, floor: floor, scaleMaximum: scaleMaximum)
    return .heatmap(heatmap)
  }
}

/// The distinct numbers of a list in rising order, and the place of each.
private struct Places {
  private let sorted: [Int]
  private let places: [Int: Int]

  init(_ numbers: [Int]) {
    sorted = Set(numbers).sorted()
    places = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })
  }

  var count: Int { sorted.count }
  var labels: [String] { sorted.map { "\($0)" } }
  subscript(number: Int) -> Int? { places[number] }
}

/// Computes the largest value of a colour scale that suits all router scores of a run.
///
/// As with `similarityScaleMaximum(of:side:)`, the largest result of several tables is the result
/// of all of them.
///
/// - Parameter routerScore: A table in the form of `TableDefinition.routerScore`.
/// - Returns: The smallest round number that is at least every score and twice every floor, but 1
///   at most; 0 where there is no value above 0.
/// - Precondition: The table has the columns of `TableDefinition.routerScore`.
/// - Complexity: O(rows)
public func routerScoreScaleMaximum(of routerScore: Table) -> Double {
  scaleMaximum(of: RouterScore.score, floor: RouterScore.floorScore, in: [routerScore])
}
