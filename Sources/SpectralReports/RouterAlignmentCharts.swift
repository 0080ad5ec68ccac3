public import Findings

/// Draws how far each router row points along its own expert's singular directions, a line chart
/// for each layer and projection.
///
/// - Parameters:
///   - routerAlignment: A table in the form of `TableDefinition.routerAlignment`, a whole run or a
///     part of one.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer and projection, in their order, named like
///   `router_alignment-layer-00-gate_proj`: a thin line for each expert, their median, and the
///   random floor dashed. With more than 64 directions their axis is logarithmic, and directions
///   may be thinned out, which a note says.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows) in time; each figure takes about twelve bytes for each point, of
///   which it has 24 000 or 60 for each expert at most.
public func routerAlignmentCharts(routerAlignment: Table, largestLayer: Int? = nil) -> [Figure] {
  routerCosineCharts(
    routerAlignment, topic: "router alignment",
    subtitle: "|cosine| of an expert's router row and the singular directions of its own weights",
    xTitle: "singular direction of the expert", largestLayer: largestLayer)
}

/// Draws how far each router row points along the leading directions of the MoE input, a line chart
/// for each layer.
///
/// - Parameters:
///   - routerData: A table in the form of `TableDefinition.routerData`, a whole run or a part of
///     one.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer, in their order, named like `router_data-layer-00`, drawn as
///   by `routerAlignmentCharts(routerAlignment:largestLayer:)`.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows) in time; each figure takes about twelve bytes for each point, of
///   which it has 24 000 or 60 for each expert at most.
public func routerDataCharts(routerData: Table, largestLayer: Int? = nil) -> [Figure] {
  routerCosineCharts(
    routerData, topic: "router-data alignment",
    subtitle: "|cosine| of an expert's router row and the leading directions of the MoE input",
    xTitle: "singular direction of the input", largestLayer: largestLayer)
}

private func routerCosineCharts(
  _ table: Table, topic: String, subtitle: String, xTitle: String, largestLayer: Int?
) -> [Figure] {
  let columns = ExpertCurves.Columns(
    experts: table.texts("expert"), places: table.integers("direction"),
    values: table.numbers("abs_cosine"), floors: table.numbers("floor_abs_cosine"))
  let largestLayer = largestLayer ?? table.integers("layer").max() ?? 0

  return table.rowsByUnit().map { unit, rows in
    let curves = ExpertCurves(
      rows: rows, of: columns, axis: .logarithmicBeyond(64), name: "directions")
    let chart = LineChart(
      title: "\(unit.title(in: table.definition)) · \(topic) · top \(curves.last) directions",
      subtitle: subtitle, xTitle: xTitle + curves.xRemark, xScale: curves.xScale,
      xTicks: curves.xTicks,
      panels: [
        LineChart.Panel(yTitle: "|cosine|", startsAtZero: true, groups: curves.groups())
      ],
      notes: curves.notes)
    let name = unit.figureName(table: table.definition.name, largestLayer: largestLayer)
    return Figure(name: name, table: table.definition.name, content: .lines(chart))
  }
}
