internal import Experts
public import Findings
internal import Pictures

extension FigureKind {
  /// How fast the leading directions gather an expert's energy.
  static let energyCurve = FigureKind(
    "energy_curve", of: .spectrum, in: .dominant, paperFigure: "beyond the paper",
    shows: "energy over directions, cumulative"
  ) {
    energyCurves(
      spectrum: $0.table, energy: try $0.other(.energy), bands: try $0.other(.bands),
      largestLayer: $0.largestLayer)
  }

  /// The same of gradients.
  static let gradientEnergyCurve = energyCurve.ofGradients(
    paperFigure: "beyond the paper", shows: "energy of the gradients over directions, cumulative")
}

/// Draws how much of their energy the experts hold in their first directions, a line chart for each
/// layer and projection: from the first direction alone to as many as are known.
///
/// - Parameters:
///   - spectrum: A table in the form of `TableDefinition.spectrum` or of its `ofGradients`.
///   - energy: A table in the form of `TableDefinition.energy`, or of its `ofGradients`: an expert's
///     whole energy is that of its top k over their share. An expert without a row is left out.
///   - bands: A table in the form of `TableDefinition.bands`, or of its `ofGradients`, which may have
///     no rows: the mean over experts at the end of each band, drawn where not all singular values
///     are known.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer and projection that has energies, in their order, named like
///   `energy_curve-layer-00-gate_proj` or `gradient_energy_curve-layer-00-gate_proj`: how far the
///   routed experts reach, their median, each shared expert, k, and the whole energy.
/// - Precondition: The tables have the columns of those definitions.
/// - Complexity: O(rows log rows) in time; a figure takes a few kB.
public func energyCurves(
  spectrum: Table, energy: Table, bands: Table, largestLayer: Int? = nil
) -> [Figure] {
  let isOfGradients = spectrum.definition.isOfGradients
  let columns = ExpertCurves.Columns(
    experts: spectrum[Spectrum.expert], places: spectrum[Spectrum.index],
    values: cumulativeShares(of: spectrum, energy: energy))
  let facts = SpectrumFacts.byUnit(spectrum, energy: energy)
  let bandMeans = bandMeans(of: bands)
  let kind = isOfGradients ? FigureKind.gradientEnergyCurve : .energyCurve

  return spectrum.figures(
    named: kind.name, largestLayer: largestLayer, where: { !columns.values[$0].isNaN }
  ) { unit, title, rows in
    let isWhole = facts[unit]?.isWhole ?? false
    let means = isWhole ? [] : bandMeans[unit] ?? []
    let known = rows.map { columns.places[$0] }.max() ?? 1
    let curves = ExpertCurves(
      rows: rows, of: columns, axis: .logarithmicBeyond(64), name: "directions",
      reach: means.last.map { Int($0.x) } ?? 1)
    let total = [1, Double(curves.last)].map { LineChart.Point(x: $0, y: 1) }
    let ofBands = LineChart.Group(
      label: "mean over experts, by bands", colour: "#d55e00", width: 2, dashes: "7 5",
      lines: [means])
    var chart = LineChart(
      title: "\(title) · energy over directions",
      subtitle: """
        share of \(isOfGradients ? "a gradient's squared norm" : "an expert's squared weights") in \
        its first directions, the leading ones first
        """,
      xTitle: "number of directions\(curves.xRemark)", xScale: curves.xScale,
      xTicks: curves.xTicks,
      panels: [
        LineChart.Panel(
          yTitle: "cumulative share of energy", startsAtZero: true,
          groups: curves.groups(.spread) + (means.isEmpty ? [] : [ofBands]) + [
            LineChart.Group(
              label: "total", colour: Ink.text, width: 1, dashes: "1 3", lines: [total])
          ])
      ],
      notes: curves.notes)
    if !isWhole {
      chart.notes.append(
        "Known of each expert are the \(known) leading directions; --full-spectrum tells all.")
    }
    chart.uprights = facts[unit]?.upright(within: curves.last) ?? []
    return .lines(chart)
  }
}

/// The share of its expert's energy in all directions up to that of each row; NaN where the whole
/// energy is not known.
func cumulativeShares(of spectrum: Table, energy: Table) -> [Double] {
  let experts = spectrum[Spectrum.expert]
  let places = spectrum[Spectrum.index]
  let values = spectrum[Spectrum.sigma]
  let energyExperts = energy[Energy.expert]
  let ranks = energy[Energy.k]
  let tops = energy[Energy.energyTop]
  let rowsOfEnergy = Dictionary(
    uniqueKeysWithValues: energy.rowsByUnit().map { unit, rows in
      (unit, Dictionary(rows.map { (energyExperts[$0], $0) }, uniquingKeysWith: { $1 }))
    })
  var shares = [Double](repeating: .nan, count: spectrum.rowCount)
  for (unit, rows) in spectrum.rowsByUnit() {
    for (expert, rows) in Dictionary(grouping: rows, by: { experts[$0] }) {
      guard let row = rowsOfEnergy[unit]?[expert] else { continue }
      let sorted = rows.sorted { places[$0] < places[$1] }
      let top = sorted.prefix { places[$0] <= ranks[row] }.reduce(0) {
        $0 + values[$1] * values[$1]
      }
      guard top > 0, tops[row] > 0 else { continue }
      var sum = 0.0
      for place in sorted {
        sum += values[place] * values[place]
        // Both numbers are rounded: the whole is no less than its parts.
        shares[place] = min(1, sum * tops[row] / top)
      }
    }
  }
  return shares
}

/// The mean share of energy up to the end of each band.
private func bandMeans(of table: Table) -> [UnitKey: [LineChart.Point]] {
  let bands = table[Bands.band]
  let counts = table[Bands.k]
  let energies = table[Bands.energy]
  return Dictionary(
    uniqueKeysWithValues: table.rowsByUnit().map { unit, rows in
      var count = 0
      var sum = 0.0
      let points = rows.sorted { bands[$0] < bands[$1] }.map { row in
        count += counts[row]
        sum += energies[row]
        return LineChart.Point(x: Double(count), y: min(1, sum))
      }
      return (unit, points)
    })
}
