internal import Experts
public import Findings
internal import Pictures

extension FigureKind {
  /// The singular values of all experts.
  static let spectrum = FigureKind(
    of: .spectrum, in: .dominant, paperFigure: "appendix: all experts' singular values",
    shows: "the spectra"
  ) {
    spectrumCharts(
      spectrum: $0.table, energy: try $0.other(.energy), largestLayer: $0.largestLayer)
  }

  /// The same of gradients.
  static let gradientSpectrum = spectrum.ofGradients(
    paperFigure: "beyond the paper", shows: "spectra of the gradients")
}

/// Draws the singular values of all experts, a line chart for each layer and projection.
///
/// Both axes are logarithmic where there are more than 64 values. Long spectra are thinned out
/// evenly along that axis, and a note below the chart says so.
///
/// - Parameters:
///   - spectrum: A table in the form of `TableDefinition.spectrum` or of its `ofGradients`, a whole
///     run or a part of one.
///   - energy: A table in the form of `TableDefinition.energy`, or of its `ofGradients`, which tells
///     k, and whether all singular values are known.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer and projection, in their order, named like
///   `spectrum-layer-00-gate_proj` or `gradient_spectrum-layer-00-gate_proj`: a thin line for each
///   routed expert, their median, and each shared expert in a colour of its own.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows) in time; each figure takes about twelve bytes for each point, of
///   which it has 24 000 or 60 for each expert at most.
public func spectrumCharts(
  spectrum: Table, energy: Table? = nil, largestLayer: Int? = nil
) -> [Figure] {
  let definition = spectrum.definition
  let columns = ExpertCurves.Columns(
    experts: spectrum[Spectrum.expert], places: spectrum[Spectrum.index],
    values: spectrum[Spectrum.sigma])
  let things = definition.isOfGradients ? "gradients" : "weights"

  let facts = SpectrumFacts.byUnit(
    spectrum, energy: energy ?? Table(definition.isOfGradients ? .energy.ofGradients : .energy))

  return spectrum.figures(largestLayer: largestLayer) { unit, title, rows in
    let curves = ExpertCurves(
      rows: rows, of: columns, axis: .logarithmicBeyond(64), name: "singular values")
    let isWhole = facts[unit]?.isWhole ?? false
    var chart = LineChart(
      title: "\(title) · \(isWhole ? "all" : "top") \(curves.last) singular values",
      subtitle: """
        \(isWhole ? "all" : "leading") singular values of the experts' \(things), one line for each \
        expert
        """,
      xTitle: "index of the singular value\(curves.xRemark)", xScale: curves.xScale,
      xTicks: curves.xTicks,
      panels: [
        LineChart.Panel(
          yTitle: "singular value", yScale: curves.xScale, groups: curves.groups(.lines))
      ],
      notes: curves.notes)
    chart.uprights = facts[unit]?.upright(within: curves.last) ?? []
    return .lines(chart)
  }
}

/// What is known of the spectra of a unit.
struct SpectrumFacts {
  /// The number of directions that count as the top.
  let top: Int
  /// Whether all singular values of routed experts are told.
  let isWhole: Bool

  /// Collects the facts of each unit that has routed experts in the table of energies.
  static func byUnit(_ spectrum: Table, energy: Table) -> [UnitKey: SpectrumFacts] {
    let shares = cumulativeShares(of: spectrum, energy: energy)
    let experts = spectrum[Spectrum.expert]
    let units = spectrum.rowsByUnit { experts[$0].isRouted && !shares[$0].isNaN }
    let energyExperts = energy[Energy.expert]
    let ranks = energy[Energy.k]
    let tops = energy.rowsByUnit { energyExperts[$0].isRouted }.map { unit, rows in
      (unit, rows.map { ranks[$0] }.max() ?? 0)
    }
    let topsByUnit = Dictionary(uniqueKeysWithValues: tops)
    return Dictionary(
      uniqueKeysWithValues: units.map { unit, rows in
        let reached = Dictionary(grouping: rows) { experts[$0] }.values
          .map { rows in rows.map { shares[$0] }.max() ?? 0 }
        // Single precision sums thousands of squares to about this.
        let isWhole = reached.allSatisfy { $0 > 0.999_99 }
        return (unit, SpectrumFacts(top: topsByUnit[unit] ?? 0, isWhole: isWhole))
      })
  }

  /// The mark of k, where an axis shows more than the top.
  func upright(within last: Int) -> [(x: Double, label: String)] {
    top >= 1 && top < last ? [(x: Double(top), label: "k = \(top), the top")] : []
  }
}
