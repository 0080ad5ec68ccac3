public import Findings

/// Draws the singular values of all experts, a line chart for each layer and projection.
///
/// Both axes are logarithmic where there are more than 64 values. Long spectra are thinned out
/// evenly along that axis, and a note below the chart says so.
///
/// - Parameters:
///   - spectrum: A table in the form of `TableDefinition.spectrum` or of its `ofGradients`, a whole
///     run or a part of one.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer and projection, in their order, named like
///   `spectrum-layer-00-gate_proj` or `gradient_spectrum-layer-00-gate_proj`: a thin line for each
///   routed expert, their median, and each shared expert in a colour of its own.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows) in time; each figure takes about twelve bytes for each point, of
///   which it has 24 000 or 60 for each expert at most.
public func spectrumCharts(spectrum: Table, largestLayer: Int? = nil) -> [Figure] {
  let definition = spectrum.definition
  let columns = ExpertCurves.Columns(
    experts: spectrum.texts("expert"), places: spectrum.integers("index"),
    values: spectrum.numbers("sigma"))
  let largestLayer = largestLayer ?? spectrum.integers("layer").max() ?? 0
  let things = definition.isOfGradients ? "gradients" : "weights"

  return spectrum.rowsByUnit().map { unit, rows in
    let curves = ExpertCurves(
      rows: rows, of: columns, axis: .logarithmicBeyond(64), name: "singular values")
    let chart = LineChart(
      title: "\(unit.title(in: definition)) · top \(curves.last) singular values",
      subtitle: "leading singular values of the experts' \(things), one line for each expert",
      xTitle: "index of the singular value\(curves.xRemark)", xScale: curves.xScale,
      xTicks: curves.xTicks,
      panels: [
        LineChart.Panel(yTitle: "singular value", yScale: curves.xScale, groups: curves.groups())
      ],
      notes: curves.notes)
    let name = unit.figureName(table: definition.name, largestLayer: largestLayer)
    return Figure(name: name, table: definition.name, content: .lines(chart))
  }
}
