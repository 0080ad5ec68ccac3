public import Findings

/// Draws the leading singular values of all experts, a line chart for each layer and projection.
///
/// - Parameters:
///   - spectrum: A table in the form of `TableDefinition.spectrum`, a whole run or a part of one.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer and projection, in their order, named like
///   `spectrum-layer-00-gate_proj`: a thin line for each routed expert, their median, and each
///   shared expert in a colour of its own.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows) in time; each figure takes about twelve bytes for each row.
public func spectrumCharts(spectrum: Table, largestLayer: Int? = nil) -> [Figure] {
  let experts = spectrum.texts("expert")
  let indices = spectrum.integers("index")
  let sigmas = spectrum.numbers("sigma")
  let largestLayer = largestLayer ?? spectrum.integers("layer").max() ?? 0

  return spectrum.rowsByUnit().map { unit, rows in
    let lines = Dictionary(grouping: rows) { ExpertName(experts[$0]) }
      .sorted { $0.key < $1.key }
      .map { expert, rows in
        let points = rows.map { LineChart.Point(x: Double(indices[$0]), y: sigmas[$0]) }
        return (expert: expert, points: points.sorted { $0.x < $1.x })
      }
    let routed = lines.filter(\.expert.isRouted).map(\.points)
    let shared = lines.filter { !$0.expert.isRouted }
    let last = rows.map { indices[$0] }.max() ?? 1

    let chart = LineChart(
      title: "\(unit.title) · top \(last) singular values",
      subtitle: "leading singular values of the experts' weights, one line for each expert",
      xTitle: "index of the singular value", yTitle: "singular value",
      xTicks: countingTicks(to: last, atMost: 16),
      groups: routedGroups(routed) + sharedGroups(shared))
    let name = unit.figureName(table: spectrum.definition.name, largestLayer: largestLayer)
    return Figure(name: name, svg: chart.svg())
  }
}

private func routedGroups(_ lines: [[LineChart.Point]]) -> [LineChart.Group] {
  guard !lines.isEmpty else { return [] }
  let count = lines.count == 1 ? "1 routed expert" : "\(lines.count) routed experts"
  return [
    LineChart.Group(
      label: count, colour: "#31688e", width: 1, opacity: lines.count > 24 ? 0.3 : 0.5,
      lines: lines),
    LineChart.Group(
      label: "median of the routed", colour: Ink.text, width: 2.5, lines: [medians(of: lines)]),
  ]
}

private func sharedGroups(
  _ lines: [(expert: ExpertName, points: [LineChart.Point])]
) -> [LineChart.Group] {
  let dashes = ["", "7 5", "2 5", "10 4 2 4"]
  return lines.enumerated().map { index, line in
    // Vermilion stands apart from blue and black for the colour-blind too (Okabe and Ito).
    LineChart.Group(
      label: line.expert.text, colour: "#d55e00", width: 2.5,
      dashes: dashes[index % dashes.count], lines: [line.points])
  }
}

/// The median over the lines at each place where any line has a value.
private func medians(of lines: [[LineChart.Point]]) -> [LineChart.Point] {
  let points = lines.flatMap(\.self).filter(\.y.isFinite)
  return Dictionary(grouping: points, by: \.x).sorted { $0.key < $1.key }.map { x, points in
    let sorted = points.map(\.y).sorted()
    let middle = sorted.count / 2
    let median =
      sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    return LineChart.Point(x: x, y: median)
  }
}
