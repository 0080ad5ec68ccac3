/// Charts side by side with one legend, and the same axes for all.
struct ChartSheet: SheetContent {
  /// A chart of either kind, as far as a sheet must know it.
  private struct Chart {
    let xTitle: String
    let marks: (PlotArea) -> [PlotArea.Mark]
    let content: (Int, PlotArea) -> [SVGElement]
    /// How far the marks' labels may reach beyond the ends of the axis.
    let overhang: Double
  }

  private let charts: [Chart]
  private let captions: [String]
  /// The vertical axis of each panel of a chart, for the values of all charts.
  private let axes: [ValueAxis]
  private let legend: [LegendEntry]

  init(lines charts: [LineChart], captions: [String]) {
    self.captions = captions
    axes = charts[0].panels.indices.map { place in
      let panels = charts.compactMap { $0.panels.indices.contains(place) ? $0.panels[place] : nil }
      return ValueAxis(
        title: panels[0].yTitle, scale: panels[0].yScale, values: panels.flatMap(\.values),
        startsAtZero: panels[0].startsAtZero)
    }
    legend = Self.distinct(charts.flatMap { chart in chart.panels.flatMap(chart.legend) })
    self.charts = charts.map { chart in
      Chart(
        xTitle: chart.xTitle, marks: chart.marks,
        content: { chart.content(ofPanel: $0, in: $1) },
        overhang: Self.overhang(of: chart.xTicks.last.map { [$0.label] } ?? []))
    }
  }

  init(bars charts: [BarChart], captions: [String]) {
    self.captions = captions
    axes = charts[0].panels.indices.map { place in
      let panels = charts.compactMap { $0.panels.indices.contains(place) ? $0.panels[place] : nil }
      return ValueAxis(
        title: panels[0].yTitle, scale: .linear, values: panels.flatMap(\.values),
        startsAtZero: true)
    }
    legend = Self.distinct(charts.flatMap { $0.panels.flatMap(\.legend) })
    self.charts = charts.map { chart in
      Chart(
        xTitle: chart.xTitle, marks: chart.marks,
        content: { chart.content(ofPanel: $0, in: $1) },
        overhang: Self.overhang(
          of: [chart.categories.first, chart.categories.last]
            .compactMap(\.self)))
    }
  }

  private static func distinct(_ entries: [LegendEntry]) -> [LegendEntry] {
    entries.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private static func overhang(of labels: [String]) -> Double {
    (labels.map { textWidth(shortened($0, to: 24), size: PrintStyle.type) }.max() ?? 0) / 2
  }

  func usualColumnCount(width: Double) -> Int {
    min(charts.count, max(1, Int((width / 150).rounded(.down))))
  }

  func drawn(left: Double, top: Double, width: Double, columnCount: Int)
    -> (elements: [SVGElement], height: Double)
  {
    let rows = SheetRows(count: charts.count, columnCount: columnCount)
    let tickLabels = axes.flatMap { $0.ticks.map(\.label) }
    let tickRoom = tickLabels.map { textWidth($0, size: PrintStyle.type) }.max() ?? 0
    let overhang = charts.map(\.overhang).max() ?? 0
    let gap = max(10, 2 * overhang + 4)
    let plotLeft = left + max(PrintStyle.type + 6 + tickRoom + 8, overhang)
    let room = left + width - overhang - plotLeft
    let plotWidth = max(8, (room - Double(columnCount - 1) * gap) / Double(columnCount))
    let isSmall = columnCount > 1
    let plotHeight = max(
      isSmall ? 60 : 90, plotWidth * (axes.count > 1 ? 0.45 : (isSmall ? 0.75 : 0.6)))
    let captionHeight = captions.allSatisfy(\.isEmpty) ? 0 : PrintStyle.lineHeight
    let panelGap = 10.0
    let chartHeight =
      Double(axes.count) * plotHeight + Double(axes.count - 1) * panelGap
    let pitch = chartHeight + captionHeight + 12

    let (legend, legendHeight) = legendLines(left: plotLeft, top: top, right: left + width)
    let first = top + legendHeight + captionHeight + 5
    var elements = legend
    for (place, chart) in charts.enumerated() {
      let chartLeft = plotLeft + Double(rows.column(place)) * (plotWidth + gap)
      let chartTop = first + Double(rows.row(place)) * pitch
      if !captions[place].isEmpty {
        elements.append(
          SheetRows.caption(
            captions[place], x: chartLeft, y: chartTop - PrintStyle.lineHeight - 2,
            width: plotWidth))
      }
      for (index, axis) in axes.enumerated() {
        let area = PlotArea(
          left: chartLeft, top: chartTop + Double(index) * (plotHeight + panelGap),
          width: plotWidth, height: plotHeight, axis: axis)
        let marks = chart.marks(area)
        elements += area.strokes(marks: marks) + chart.content(index, area)
        if rows.column(place) == 0 {
          elements += area.valueLabels
          elements += yTitle(axis.title, left: left, area: area)
        }
        if index == axes.count - 1, rows.isLowest(place) { elements += area.markLabels(marks) }
      }
    }
    let bottom = first + Double(rows.rowCount - 1) * pitch + chartHeight
    let lines = wrapped(charts[0].xTitle, width: width, size: PrintStyle.type)
    let titleY = bottom + 9 + PrintStyle.type + 6 + PrintStyle.type * 0.85
    let middle = plotLeft + (Double(columnCount) * (plotWidth + gap) - gap) / 2
    for (place, line) in lines.enumerated() {
      // A long line stays within the sheet.
      let half = textWidth(line, size: PrintStyle.type) / 2
      elements.append(
        SVGElement.text(
          line, x: min(max(middle, left + half), left + width - half),
          y: titleY + Double(place) * PrintStyle.lineHeight, size: PrintStyle.type,
          anchor: .middle, fill: Ink.quietText))
    }
    return (
      elements, titleY + Double(lines.count - 1) * PrintStyle.lineHeight + 4 - top
    )
  }

  /// The title of a vertical axis, cut where it is longer than the axis.
  private func yTitle(_ title: String, left: Double, area: PlotArea) -> [SVGElement] {
    var fitting = title
    // What the axis says of itself after the first comma or semicolon goes first.
    for separator in [";", ","] where textWidth(fitting, size: PrintStyle.type) > area.height {
      fitting = fitting.split(separator: separator).first.map(String.init) ?? fitting
    }
    return [
      SVGElement.upwardText(
        fitting, x: left + PrintStyle.type * 0.8, y: area.top + area.height / 2,
        size: PrintStyle.type, anchor: .middle, fill: Ink.quietText)
    ]
  }

  private func legendLines(left: Double, top: Double, right: Double)
    -> (elements: [SVGElement], height: Double)
  {
    var x = left
    var line = 0.0
    var elements: [SVGElement] = []
    for entry in legend {
      let width = entry.width(size: PrintStyle.type)
      if x > left, x + width > right {
        x = left
        line += 1
      }
      // An entry that is wider than the plot begins at the sheet's edge.
      let start = x == left ? max(PrintStyle.margin, min(left, right - width)) : x
      elements += entry.elements(
        x: start, y: top + (line + 0.5) * PrintStyle.lineHeight, size: PrintStyle.type)
      x = start + width + 12
    }
    return (elements, legend.isEmpty ? 0 : (line + 1) * PrintStyle.lineHeight + 2)
  }
}
