internal import Experts
public import Findings
internal import Pictures

extension FigureKind {
  /// Loads of the experts.
  static let routing = FigureKind(
    of: .routing, in: .routing, paperFigure: "beyond the paper", shows: "loads of the experts"
  ) {
    routingCharts(routing: $0.table, largestLayer: $0.largestLayer)
  }
}

/// Draws how evenly each layer's experts are used: a bar chart of loads for each layer.
///
/// - Parameters:
///   - routing: A table in the form of `TableDefinition.routing`, a whole run or a part of one.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer, in their order, named like `routing-layer-00`, with the
///   uniform load dashed.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows)
public func routingCharts(routing: Table, largestLayer: Int? = nil) -> [Figure] {
  let experts = routing[Routing.expert]
  let loads = routing[Routing.load]
  let levels = routing[Routing.uniformLoad]

  return routing.figures(largestLayer: largestLayer) { _, title, rows in
    let rows = rows.sorted { experts[$0] < experts[$1] }
    let level = rows.map { levels[$0] }.first(where: \.isFinite)
    let chart = BarChart(
      title: "\(title) · load of \(rows.count) experts",
      subtitle: "share of all token-expert assignments that each expert was given",
      xTitle: "expert", categories: rows.map { experts[$0].text },
      panels: [
        BarChart.Panel(
          yTitle: "share of assignments",
          series: [
            BarChart.Series(
              label: "load", colour: "#31688e",
              bars: rows.map { BarChart.Bar(value: loads[$0]) })
          ],
          level: level.map { (value: $0, label: "uniform load \(shareText($0))") })
      ])
    return .bars(chart)
  }
}
