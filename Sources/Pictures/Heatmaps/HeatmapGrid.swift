/// Where the cells of a heatmap stand.
struct HeatmapGrid {
  let left: Double
  let top: Double
  /// The size of a cell.
  let cell: Double
  /// The room before the separated rows and columns.
  let gap: Double
  let rowCount: Int
  let columnCount: Int
  let separatedCount: Int

  var width: Double { Double(columnCount) * cell + gap }
  var height: Double { Double(rowCount) * cell + gap }

  /// Where a row begins, from the heatmap's upper edge.
  func offset(ofRow row: Int) -> Double { offset(of: row, in: rowCount) }

  /// Where a column begins, from the heatmap's left edge.
  func offset(ofColumn column: Int) -> Double { offset(of: column, in: columnCount) }

  private func offset(of index: Int, in count: Int) -> Double {
    Double(index) * cell + (index < count - separatedCount ? 0 : gap)
  }

  /// Whether white lines stand between the cells.
  var hasBorders: Bool { cell >= 12 }
}
