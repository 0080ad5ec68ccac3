internal import Findings
internal import Pictures

/// Draws how far each router row points along some directions, a line chart for each unit.
///
/// The table is one of router alignment or, with the same columns, of router and data.
func routerCosineCharts(
  _ table: Table, topic: String, subtitle: String, xTitle: String, largestLayer: Int?
) -> [Figure] {
  let columns = ExpertCurves.Columns(
    experts: table[RouterAlignment.expert], places: table[RouterAlignment.direction],
    values: table[RouterAlignment.absCosine], floors: table[RouterAlignment.floorAbsCosine])

  return table.figures(largestLayer: largestLayer) { _, title, rows in
    let curves = ExpertCurves(
      rows: rows, of: columns, axis: .logarithmicBeyond(64), name: "directions")
    let chart = LineChart(
      title: "\(title) · \(topic) · top \(curves.last) directions",
      subtitle: subtitle, xTitle: xTitle + curves.xRemark, xScale: curves.xScale,
      xTicks: curves.xTicks,
      panels: [
        LineChart.Panel(yTitle: "|cosine|", startsAtZero: true, groups: curves.groups(.lines))
      ],
      notes: curves.notes)
    return .lines(chart)
  }
}
