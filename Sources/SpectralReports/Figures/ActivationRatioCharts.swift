public import Findings
internal import Pictures

extension FigureKind {
  /// How often each direction is active.
  static let activationRatio = FigureKind(
    of: .activationRatio, in: .activation, paperFigure: "3a",
    shows: "how often each direction is active"
  ) {
    activationRatioCharts(activationRatio: $0.table, largestLayer: $0.largestLayer)
  }
}

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
///   `activation_ratio-layer-00-gate_proj`: how far the routed experts reach, all of them and the
///   middle half, their median, and the floor of an isotropic direction dashed.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows) in time; a figure takes a few kB.
public func activationRatioCharts(activationRatio: Table, largestLayer: Int? = nil) -> [Figure] {
  let columns = ExpertCurves.Columns(
    experts: activationRatio[ActivationRatio.expert],
    places: activationRatio[ActivationRatio.direction],
    values: activationRatio[ActivationRatio.ratio],
    floors: activationRatio[ActivationRatio.floorRatio])
  let tokens = activationRatio[ActivationRatio.tokens]

  return activationRatio.figures(largestLayer: largestLayer) { _, title, rows in
    let curves = ExpertCurves(
      rows: rows, of: columns, axis: .logarithmic, name: "directions")
    let count = rankText(rows.map { tokens[$0] })
    let chart = LineChart(
      title: "\(title) · activation ratio of \(curves.last) directions",
      subtitle: "share of \(count) tokens whose component along a direction exceeds the threshold",
      xTitle: "singular direction of the expert\(curves.xRemark)", xScale: curves.xScale,
      xTicks: curves.xTicks,
      panels: [
        LineChart.Panel(
          yTitle: "share of tokens", startsAtZero: true,
          groups: curves.groups(.spread, floorName: "isotropic floor"))
      ],
      notes: curves.notes)
    return .lines(chart)
  }
}
