/// The parts that charts have in common.
extension ChartLayout {
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
  func axes(ofPanel panel: Int, xTitle: String, marks: [PlotArea.Mark]) -> [SVGElement] {
    let area = area(ofPanel: panel)
    let title = SVGElement.upwardText(
      area.axis.title, x: Self.margin + TypeSize.axis * 0.8, y: area.top + area.height / 2,
      size: TypeSize.axis, anchor: .middle, fill: Ink.quietText)
    let elements = area.strokes(marks: marks) + [title]
    guard panel == axes.count - 1 else { return elements + area.valueLabels }
    let words = SVGElement.text(
      xTitle, x: plotLeft + plotWidth / 2, y: xTitleY, size: TypeSize.axis, anchor: .middle,
      fill: Ink.quietText)
    return elements + [words] + area.valueLabels + area.markLabels(marks)
  }

  /// The legend beside a panel.
  func legend(ofPanel panel: Int) -> [SVGElement] {
    legends[panel].enumerated().flatMap { index, entry in
      let y = top(ofPanel: panel) + 10 + Double(index) * Self.legendLineHeight
      return entry.elements(x: legendLeft, y: y)
    }
  }
}
