public import Findings

/// Draws how often each of an expert's directions is active, a line chart for each layer and
/// projection.
///
/// The axis of directions is logarithmic, so that the leading ones are seen beside thousands of
/// others. Many directions are thinned out evenly along that axis, and a note below the chart says
/// so; the median at each direction that is drawn is that of all experts.
///
/// - Parameters:
///   - activationRatio: A table in the form of `TableDefinition.activationRatio`, a whole run or a
///     part of one.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer and projection, in their order, named like
///   `activation_ratio-layer-00-gate_proj`: a thin line for each expert, their median, and the
///   floor of an isotropic direction dashed.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows) in time; each figure takes about twelve bytes for each point, of
///   which it has 24 000 or 60 for each expert at most.
public func activationRatioCharts(activationRatio: Table, largestLayer: Int? = nil) -> [Figure] {
  let definition = activationRatio.definition
  let columns = ExpertCurves.Columns(
    experts: activationRatio.texts("expert"), places: activationRatio.integers("direction"),
    values: activationRatio.numbers("ratio"), floors: activationRatio.numbers("floor_ratio"))
  let tokens = activationRatio.integers("tokens")
  let largestLayer = largestLayer ?? activationRatio.integers("layer").max() ?? 0

  return activationRatio.rowsByUnit().map { unit, rows in
    let curves = ExpertCurves(
      rows: rows, of: columns, axis: .logarithmic, name: "directions")
    let count = rankText(rows.map { tokens[$0] })
    let chart = LineChart(
      title: "\(unit.title(in: definition)) · activation ratio of \(curves.last) directions",
      subtitle: "share of \(count) tokens whose component along a direction exceeds the threshold",
      xTitle: "singular direction of the expert\(curves.xRemark)", xScale: curves.xScale,
      xTicks: curves.xTicks,
      panels: [
        LineChart.Panel(
          yTitle: "share of tokens", startsAtZero: true,
          groups: curves.groups(floorName: "isotropic floor"))
      ],
      notes: curves.notes)
    let name = unit.figureName(table: definition.name, largestLayer: largestLayer)
    return Figure(name: name, table: definition.name, content: .lines(chart))
  }
}
