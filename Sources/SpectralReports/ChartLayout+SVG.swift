/// The parts that charts have in common.
extension ChartLayout {
  /// A mark of the horizontal axis and, where it has one, its label.
  struct Mark {
    let x: Double
    let label: String
  }

  /// The title and what stands below it.
  var header: [SVGElement] {
    SVGElement.lines(
      titleLines, x: Self.margin, y: titleY, lineHeight: 24, size: TypeSize.title, isBold: true)
      + SVGElement.lines(
        subtitleLines, x: Self.margin, y: subtitleY, lineHeight: Self.lineHeight,
        size: TypeSize.subtitle, fill: Ink.quietText)
  }

  /// The sentences below the chart.
  var notes: [SVGElement] {
    SVGElement.lines(
      noteLines, x: Self.margin, y: notesY, lineHeight: Self.lineHeight, size: TypeSize.label,
      fill: Ink.quietText)
  }

  /// The axes of a panel; only the lowest has the words of the horizontal one.
  func axes(ofPanel panel: Int, xTitle: String, marks: [Mark]) -> [SVGElement] {
    let bottom = bottom(ofPanel: panel)
    let isLowest = panel == axes.count - 1
    var grid = ""
    var ticks = ""
    var texts: [SVGElement] = []
    for tick in axes[panel].ticks {
      let y = y(tick.value, inPanel: panel)
      grid += horizontal(plotLeft, y, length: plotWidth)
      texts.append(
        SVGElement.text(
          tick.label, x: plotLeft - 8, y: y + TypeSize.label * 0.35, size: TypeSize.label,
          anchor: .end))
    }
    for mark in marks {
      ticks += "M\(point(mark.x, bottom))v4"
      guard isLowest else { continue }
      texts.append(
        SVGElement.text(
          mark.label, x: mark.x, y: bottom + 9 + TypeSize.label * 0.8, size: TypeSize.label,
          anchor: .middle))
    }
    var elements = [
      SVGElement.stroke(grid, colour: Ink.grid),
      SVGElement.stroke(
        horizontal(plotLeft, bottom, length: plotWidth) + ticks, colour: Ink.line),
      SVGElement.upwardText(
        axes[panel].title, x: Self.margin + TypeSize.axis * 0.8,
        y: top(ofPanel: panel) + panelHeight / 2, size: TypeSize.axis, anchor: .middle,
        fill: Ink.quietText),
    ]
    if isLowest {
      elements.append(
        SVGElement.text(
          xTitle, x: plotLeft + plotWidth / 2, y: xTitleY, size: TypeSize.axis, anchor: .middle,
          fill: Ink.quietText))
    }
    return elements + texts
  }

  /// The legend beside a panel.
  func legend(ofPanel panel: Int) -> [SVGElement] {
    legends[panel].enumerated().flatMap { index, entry in
      let y = top(ofPanel: panel) + 10 + Double(index) * Self.legendLineHeight
      return entry.elements(x: legendLeft, y: y)
    }
  }
}
