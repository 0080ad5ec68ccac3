internal import Pictures

/// A heatmap's cells, axes and scale.
struct PageHeatmap: Encodable, Sendable {
  let rows: [String]
  /// nil where they are the rows.
  let columns: [String]?
  let rowTitle: String
  let columnTitle: String
  let separated: Int
  let symmetric: Bool
  let thing: String
  let measure: String
  let cells: CellValues
  /// The highest floor, which is that of every cell where `floors` is nil.
  let floor: Double?
  let floors: CellValues?
  let scale: Double
  /// The marks of the colour bar.
  let ticks: [[String]]
  let diverging: Bool
  /// The mean, the least and the most, for the text alternative.
  let mean: Double?
  let least: Double?
  let most: Double?

  init?(_ heatmap: Heatmap) {
    let end = heatmap.scaleEnd
    guard let cells = CellValues(heatmap.values, of: heatmap, upTo: end) else { return nil }
    self.cells = cells
    floors =
      heatmap.cellFloors.isEmpty
      ? nil : CellValues(heatmap.cellFloors, of: heatmap, upTo: heatmap.floor)
    rows = heatmap.rowLabels
    columns = heatmap.columnLabels == heatmap.rowLabels ? nil : heatmap.columnLabels
    rowTitle = heatmap.rowTitle
    columnTitle = heatmap.columnTitle
    separated = heatmap.separatedCount
    symmetric = heatmap.hasNeutralDiagonal
    thing = heatmap.thing
    measure = heatmap.measure
    floor = threeDigits(heatmap.floor)
    scale = heatmap.scaleEnd
    ticks = niceTicks(from: heatmap.scaleStart, to: heatmap.scaleEnd, stepsAbout: 6).map(\.words)
    diverging = heatmap.isDiverging
    let shown = heatmap.shownValues
    mean = shown.isEmpty ? nil : threeDigits(shown.reduce(0, +) / Double(shown.count))
    least = threeDigits(shown.min() ?? .nan)
    most = threeDigits(shown.max() ?? .nan)
  }
}
