public import Findings

/// Draws how evenly each layer's experts are used, and which are used together: a bar chart of
/// loads and a heatmap of pairs for each layer.
///
/// - Parameters:
///   - routing: A table in the form of `TableDefinition.routing`, a whole run or a part of one.
///   - coactivation: A table in the form of `TableDefinition.coactivation`, of the same part.
///   - scaleMaximum: The share of the last colour; what `coactivationScaleMaximum(of:)` gives for
///     this table when left out. A maximum of 0, nothing to show, is drawn as 1.
///   - largestLayer: The largest layer of the run; that of both tables when left out.
/// - Returns: One figure for each layer of the first table, named like `routing-layer-00`, with the
///   uniform load dashed, then one for each layer of the second, named like
///   `coactivation-layer-00`, with what chance would show marked on the colour bar.
/// - Precondition: The tables have the columns of those definitions, and the scale's maximum is
///   finite and not negative.
/// - Complexity: O(rows log rows) in time; a heatmap takes about ten bytes for each cell.
public func routingFigures(
  routing: Table, coactivation: Table, scaleMaximum: Double? = nil, largestLayer: Int? = nil
) -> [Figure] {
  let largestLayer =
    largestLayer ?? (routing.integers("layer") + coactivation.integers("layer")).max() ?? 0
  let scaleMaximum = scaleMaximum ?? coactivationScaleMaximum(of: coactivation)
  return loadCharts(routing, largestLayer: largestLayer)
    + coactivationHeatmaps(
      coactivation, scaleMaximum: scaleMaximum, largestLayer: largestLayer)
}

private func loadCharts(_ routing: Table, largestLayer: Int) -> [Figure] {
  let experts = routing.texts("expert").map(ExpertName.init)
  let loads = routing.numbers("load")
  let levels = routing.numbers("uniform_load")

  return routing.rowsByUnit().map { unit, rows in
    let rows = rows.sorted { experts[$0] < experts[$1] }
    let level = rows.map { levels[$0] }.first(where: \.isFinite)
    let chart = BarChart(
      title: "\(unit.title(in: routing.definition)) · load of \(rows.count) experts",
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
    let name = unit.figureName(table: routing.definition.name, largestLayer: largestLayer)
    return Figure(name: name, table: routing.definition.name, content: .bars(chart))
  }
}

private func coactivationHeatmaps(
  _ coactivation: Table, scaleMaximum: Double, largestLayer: Int
) -> [Figure] {
  let definition = coactivation.definition
  let pairs = PairColumns(coactivation, value: "share")
  return coactivation.rowsByUnit().map { unit, rows in
    let heatmap = pairs.heatmap(
      of: rows, title: "\(unit.title(in: definition)) · co-activation of experts",
      subtitle: "share of tokens that chose both experts", measure: "share",
      scaleMaximum: scaleMaximum)
    let name = unit.figureName(table: definition.name, largestLayer: largestLayer)
    return Figure(name: name, table: definition.name, content: .heatmap(heatmap))
  }
}
