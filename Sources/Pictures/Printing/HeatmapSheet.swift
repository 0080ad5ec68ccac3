/// Heatmaps side by side on one colour bar.
struct HeatmapSheet: SheetContent {
  private let heatmaps: [Heatmap]
  private let captions: [String]
  /// The first heatmap, by whose scale all are drawn, with the highest floor of all.
  private let scale: Heatmap

  init(_ heatmaps: [Heatmap], captions: [String]) {
    self.heatmaps = heatmaps
    self.captions = captions
    var scale = heatmaps[0]
    scale.floor = heatmaps.map(\.floor).filter { !$0.isNaN }.max() ?? .nan
    self.scale = scale
  }

  private static let gap = 10.0
  private static let barWidth = 10.0

  func usualColumnCount(width: Double) -> Int {
    min(heatmaps.count, max(1, Int((width / 110).rounded())))
  }

  /// Whether a row or column is the same thing in all heatmaps: some may lack the last ones.
  private var sharesLabels: Bool {
    heatmaps.allSatisfy {
      longest.rowLabels.starts(with: $0.rowLabels)
        && longest.columnLabels.starts(with: $0.columnLabels)
    }
  }

  /// The heatmap with the most columns: its cells fill its room, and those of all are of one size.
  private var longest: Heatmap {
    heatmaps.max { $0.columnLabels.count < $1.columnLabels.count } ?? scale
  }

  /// The names of the rows that can be written: all where they stand beside every heatmap's rows.
  private var labelRoom: Double {
    guard sharesLabels else { return 0 }
    return longest.rowLabels.map { textWidth(shortened($0, to: 24), size: PrintStyle.type) }.max()
      ?? 0
  }

  private var floorText: String? { scale.floor.isNaN ? nil : "floor \(shareText(scale.floor))" }

  func drawn(left: Double, top: Double, width: Double, columnCount: Int)
    -> (elements: [SVGElement], height: Double)
  {
    let rows = SheetRows(count: heatmaps.count, columnCount: columnCount)
    let ticks = barTicks
    let tickRoom = ticks.map { textWidth($0.label, size: PrintStyle.type) }.max() ?? 0
    let barRoom = 14 + Self.barWidth + 7 + tickRoom
    let gridLeft = left + PrintStyle.type + 6 + labelRoom + 8
    var room = left + width - barRoom - gridLeft
    var panelWidth = 0.0
    var labels: [(rows: AxisLabels, columns: AxisLabels)] = []
    // Names of shared experts may reach beyond the last column.
    for _ in 0..<3 {
      panelWidth =
        max(8, (room - Double(columnCount - 1) * Self.gap) / Double(columnCount))
      labels = heatmaps.map { self.labels(of: $0, width: panelWidth) }
      let end = labels.map(\.columns.end).max() ?? 0
      let overhang = sharesLabels ? end - panelWidth : 0
      guard overhang > 0.01 else { break }
      room -= overhang
    }

    let captionHeight = captions.allSatisfy(\.isEmpty) ? 0 : PrintStyle.lineHeight
    let first = top + PrintStyle.lineHeight + captionHeight + 2
    let heights = heatmaps.map { grid(of: $0, left: 0, top: 0, width: panelWidth).height }
    let panelHeight = heights.max() ?? 0
    let pitch = panelHeight + captionHeight + Self.gap
    var elements: [SVGElement] = []
    for (place, heatmap) in heatmaps.enumerated() {
      let grid = grid(
        of: heatmap, left: gridLeft + Double(rows.column(place)) * (panelWidth + Self.gap),
        top: first + Double(rows.row(place)) * pitch, width: panelWidth)
      elements += grid.hasBorders ? [heatmap.cells(grid)] : heatmap.pixels(grid)
      elements += heatmap.cellTexts(grid)
      if !captions[place].isEmpty {
        elements.append(
          SheetRows.caption(
            captions[place], x: grid.left, y: grid.top - PrintStyle.lineHeight, width: panelWidth)
        )
      }
      guard sharesLabels else { continue }
      if rows.column(place) == 0 { elements += rowLabels(labels[place].rows, of: grid) }
      if rows.isLowest(place) { elements += columnLabels(labels[place].columns, of: grid) }
    }

    let bottom = first + Double(rows.rowCount - 1) * pitch + panelHeight
    let labelDepth = sharesLabels ? labels.map(\.columns.depth).max() ?? 0 : 0
    let usedWidth =
      Double(min(columnCount, heatmaps.count)) * (panelWidth + Self.gap) - Self.gap
    let barLeft = left + width - barRoom + 14
    let barHeight = min(bottom - first, max(panelHeight, 160))
    let titleY = max(bottom + 8 + labelDepth, first + barHeight) + 4 + PrintStyle.type
    elements.append(
      SVGElement.upwardText(
        scale.rowTitle, x: left + PrintStyle.type * 0.8, y: (first + bottom) / 2,
        size: PrintStyle.type, anchor: .middle, fill: Ink.quietText))
    elements.append(
      SVGElement.text(
        scale.columnTitle, x: gridLeft + usedWidth / 2, y: titleY, size: PrintStyle.type,
        anchor: .middle, fill: Ink.quietText))
    elements.append(
      SVGElement.text(
        scale.measure, x: left + width, y: top + PrintStyle.type * 0.85, size: PrintStyle.type,
        anchor: .end, fill: Ink.quietText))
    elements += scale.colourBar(
      HeatmapColourBar(
        left: barLeft, top: first, width: Self.barWidth, height: barHeight, ticks: ticks))
    var height = titleY + 4 - top
    if let floorText {
      // The mark's words stand below the bar: beside it they would take the room of cells.
      elements += scale.floorMark(
        HeatmapColourBar(
          left: barLeft, top: first, width: Self.barWidth, height: barHeight, ticks: []))
      let wordsLeft = left + width - textWidth(floorText, size: PrintStyle.type, isBold: true)
      let middle = gridLeft + (usedWidth + textWidth(scale.columnTitle, size: PrintStyle.type)) / 2
      let y = wordsLeft - 12 > middle ? titleY : titleY + PrintStyle.lineHeight
      elements.append(
        SVGElement(
          "path",
          [
            "d": .text("M\(point(wordsLeft - 4, y - PrintStyle.type * 0.35))l-7 -4.5v9z"),
            "fill": .text(Ink.text),
          ]))
      elements.append(
        SVGElement.text(
          floorText, x: left + width, y: y, size: PrintStyle.type, anchor: .end, isBold: true))
      height = y + 4 - top
    }
    return (elements, height)
  }

  private var barTicks: [Tick] {
    niceTicks(from: scale.scaleStart, to: scale.scaleEnd, intervalCount: 6)
  }

  private func grid(of heatmap: Heatmap, left: Double, top: Double, width: Double) -> HeatmapGrid {
    let widest = longest
    let count = Double(max(widest.columnLabels.count, 1))
    let isSeparated = widest.separatedCount > 0 && widest.separatedCount < Int(count)
    let gap = isSeparated ? max(3, width / (6 * count + 1)) : 0
    return HeatmapGrid(
      left: left, top: top, cell: (width - gap) / count,
      gap: heatmap.separatedCount > 0 ? gap : 0,
      rowCount: heatmap.rowLabels.count, columnCount: heatmap.columnLabels.count,
      separatedCount: heatmap.separatedCount)
  }

  private func labels(of heatmap: Heatmap, width: Double) -> (rows: AxisLabels, columns: AxisLabels)
  {
    let grid = grid(of: heatmap, left: 0, top: 0, width: width)
    let columns = AxisLabels(
      heatmap.columnLabels, separatedCount: heatmap.separatedCount, cell: grid.cell, gap: grid.gap,
      direction: .columns)
    let rows = AxisLabels(
      heatmap.rowLabels, separatedCount: heatmap.separatedCount, cell: grid.cell, gap: grid.gap,
      direction: .rows, leastStep: columns.step)
    return (rows, columns)
  }

  private func rowLabels(_ labels: AxisLabels, of grid: HeatmapGrid) -> [SVGElement] {
    Heatmap.rowLabels(labels, left: grid.left, top: grid.top)
  }

  private func columnLabels(_ labels: AxisLabels, of grid: HeatmapGrid) -> [SVGElement] {
    Heatmap.columnLabels(labels, left: grid.left, bottom: grid.top + grid.height)
  }
}
