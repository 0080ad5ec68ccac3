internal import Experts
public import Findings
internal import Pictures

extension FigureKind {
  /// What shuffling the tokens changes, a figure for each projection over all layers.
  static let shuffle = FigureKind(
    ofRuns: TableDefinition.shuffle.name, in: .activation, paperFigure: "3b",
    shows: "what shuffling the tokens changes"
  ) {
    try $0.table(.shuffle).map(shuffleFigures) ?? []
  }
}

/// Draws how far the projected input changes when tokens are shuffled, top directions against all
/// others, over the layers of a run: one bar chart for each projection.
///
/// Which of two readings the paper used is not known, and they can disagree: both are drawn, above
/// one another. Bars are means over experts, and whiskers run from the smallest expert to the
/// largest.
///
/// - Parameter shuffle: A table in the form of `TableDefinition.shuffle`. It should hold a whole
///   run: a figure shows the layers that the table has.
/// - Returns: One figure for each projection, in their order, named like `shuffle-gate_proj`.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows)
public func shuffleBars(shuffle: Table) -> [Figure] {
  shuffleFigures(shuffle).map(\.figure)
}

private func shuffleFigures(_ shuffle: Table) -> [(projection: Projection?, figure: Figure)] {
  let units = shuffle.rowsByUnit()
  let ranks = shuffle[Shuffle.k]
  let layers = Dictionary(grouping: units, by: \.unit.projection)

  return Projection.allCases.compactMap { projection in
    guard let units = layers[projection] else { return nil }
    let rank = rankText(units.flatMap { $0.rows.map { ranks[$0] } })
    func panel(_ yTitle: String, top: Column<Double>, tail: Column<Double>) -> BarChart.Panel {
      func series(_ label: String, _ colour: String, _ column: Column<Double>) -> BarChart.Series {
        let values = shuffle[column]
        let bars = units.map { unit in BarChart.Bar(meanOf: unit.rows.map { values[$0] }) }
        return BarChart.Series(label: label, colour: colour, bars: bars)
      }
      return BarChart.Panel(
        yTitle: yTitle,
        series: [
          series("top k = \(rank) directions", "#31688e", top),
          series("all other directions", "#e69f00", tail),
        ],
        whiskerLabel: "smallest to largest expert")
    }

    let chart = BarChart(
      title: "\(projection.rawValue) · change of the input when tokens are shuffled",
      subtitle: """
        change of the projected MoE input, mean over experts; relative: its mean norm over the \
        input's; per direction: its root mean square
        """,
      xTitle: "layer", categories: units.map { "\($0.unit.layer)" },
      panels: [
        panel("relative change", top: Shuffle.topRelative, tail: Shuffle.tailRelative),
        panel(
          "change per direction", top: Shuffle.topPerDirection, tail: Shuffle.tailPerDirection),
      ])
    let name = "\(shuffle.definition.name)-\(projection.rawValue)"
    return (projection, Figure(name: name, table: shuffle.definition.name, picture: .bars(chart)))
  }
}

extension BarChart.Bar {
  /// The mean of the values that are finite, and their range.
  fileprivate init(meanOf values: [Double]) {
    let known = values.filter(\.isFinite)
    guard let low = known.min(), let high = known.max() else {
      self.init(value: .nan)
      return
    }
    self.init(value: known.reduce(0, +) / Double(known.count), spread: low...high)
  }
}
