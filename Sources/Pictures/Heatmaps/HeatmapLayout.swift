/// Where the parts of a heatmap stand, in pixels.
struct HeatmapLayout {
  static let margin = 24.0

  /// The size of a cell, a whole number, so that cells meet without seams.
  let cell: Double
  /// The room before the separated rows and columns.
  let gap: Double
  let rows: AxisLabels
  let columns: AxisLabels

  let titleLines: [String]
  let subtitleLines: [String]
  let noteLines: [String]

  let matrixLeft: Double
  let matrixTop: Double
  let matrixWidth: Double
  let matrixHeight: Double
  /// Where the cells stand.
  let grid: HeatmapGrid

  let barLeft: Double
  let barHeight: Double
  let barTicks: [Tick]

  let columnTitleY: Double
  let width: Double
  let height: Double

  static let barWidth = 16.0
  static let titleLineHeight = 24.0
  static let lineHeight = 18.0

  var matrixBottom: Double { matrixTop + matrixHeight }
  var titleY: Double { Self.margin + TypeSize.title * 0.8 }
  var subtitleY: Double { titleY + Double(titleLines.count) * Self.titleLineHeight - 2 }
  var notesY: Double { columnTitleY + Self.lineHeight + 8 }

  init(_ heatmap: Heatmap) {
    let rowCount = heatmap.rowLabels.count
    let columnCount = heatmap.columnLabels.count
    let least = heatmap.isLarge ? 1.0 : 4
    let cell = min(
      80, max(least, (560 / Double(max(rowCount, columnCount, 1))).rounded(.down)))
    let isSeparated = heatmap.separatedCount > 0 && heatmap.separatedCount < columnCount
    let gap = isSeparated ? max(4, (cell / 6).rounded()) : 0
    self.cell = cell
    self.gap = gap
    columns = AxisLabels(
      heatmap.columnLabels, separatedCount: heatmap.separatedCount, cell: cell, gap: gap,
      direction: .columns)
    rows = AxisLabels(
      heatmap.rowLabels, separatedCount: heatmap.separatedCount, cell: cell, gap: gap,
      direction: .rows, leastStep: columns.step)

    matrixWidth = Double(columnCount) * cell + gap
    matrixHeight = Double(rowCount) * cell + gap
    // The rows' title stands upright at the far left, then come their labels.
    matrixLeft = (Self.margin + TypeSize.axis + 10 + rows.depth + 8).rounded(.up)

    // The floor is written to the left of the bar, the scale to its right.
    let floorRoom =
      heatmap.floor.isNaN
      ? 0
      : 14
        + max(
          textWidth("floor", size: TypeSize.label, isBold: true),
          textWidth(shareText(heatmap.floor), size: TypeSize.label, isBold: true))
    barLeft = (matrixLeft + columns.end + 20 + floorRoom).rounded(.up)
    barTicks = niceTicks(from: heatmap.scaleStart, to: heatmap.scaleEnd, intervalCount: 8)
    let tickRoom = barTicks.map { textWidth($0.label, size: TypeSize.label) }.max() ?? 0
    let barRight = barLeft + Self.barWidth + 8 + tickRoom
    let measureRight =
      barLeft + Self.barWidth / 2 + textWidth(heatmap.measure, size: TypeSize.label) / 2
    width = max(580, max(barRight, measureRight) + Self.margin).rounded(.up)

    let room = width - 2 * Self.margin
    titleLines = wrapped(heatmap.title, width: room, size: TypeSize.title, isBold: true)
    subtitleLines = wrapped(heatmap.subtitle, width: room, size: TypeSize.subtitle)
    noteLines = heatmap.allNotes.flatMap { wrapped($0, width: room, size: TypeSize.label) }

    let headHeight =
      Double(titleLines.count) * Self.titleLineHeight
      + Double(subtitleLines.count) * Self.lineHeight
    matrixTop = (Self.margin + headHeight + 28).rounded()
    grid = HeatmapGrid(
      left: matrixLeft, top: matrixTop, cell: cell, gap: gap, rowCount: rowCount,
      columnCount: columnCount, separatedCount: heatmap.separatedCount)
    barHeight = max(matrixHeight, 120)
    columnTitleY = matrixTop + max(matrixHeight + columns.depth + 12 + TypeSize.axis, barHeight)
    let noteHeight = noteLines.isEmpty ? 0 : Double(noteLines.count) * Self.lineHeight + 8
    height = (columnTitleY + noteHeight + Self.margin - 4).rounded(.up)
  }
}
