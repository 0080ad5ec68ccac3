extension Heatmap {
  /// The heatmap as an SVG picture.
  ///
  /// - Precondition: There is a value for each row and column, and the scale's maximum is finite
  ///   and not negative.
  /// - Complexity: O(cells) in time and memory; about ten bytes of markup for each cell.
  package func svg() -> String {
    precondition(
      values.count == rowLabels.count * columnLabels.count, "a heatmap needs a value for each cell")
    precondition(
      scaleMaximum >= 0 && scaleMaximum.isFinite, "a scale's maximum is finite and not negative")
    let layout = HeatmapLayout(self)
    let elements = [
      header(layout), isLarge ? pixels(layout) : [cells(layout)], cellTexts(layout),
      rowAxis(layout), columnAxis(layout),
      colourBar(layout),
      SVGElement.lines(
        layout.noteLines, x: HeatmapLayout.margin, y: layout.notesY,
        lineHeight: HeatmapLayout.lineHeight, size: TypeSize.label, fill: Ink.quietText),
    ]
    return SVGDocument(
      width: layout.width, height: layout.height, title: title, description: description,
      elements: elements.flatMap(\.self)
    ).markup
  }

  private var description: String {
    let size = "\(rowLabels.count) rows by \(columnLabels.count) columns"
    let content = "Heatmap, \(size): \(rowTitle) by \(columnTitle)."
    let values =
      range.map {
        "Values from \(shareText($0.lowerBound)) to \(shareText($0.upperBound))."
      } ?? "No value was measured."
    let end = trimmedText(scaleEnd, places: 6)
    let scale =
      isDiverging
      ? "Colours run from blue at -\(end) over near white at 0 to red at \(end)."
      : "Colours run from dark violet at 0 to yellow at \(end)."
    return ([subtitle + ".", content, values, scale] + allNotes).joined(separator: " ")
  }

  private func header(_ layout: HeatmapLayout) -> [SVGElement] {
    SVGElement.lines(
      layout.titleLines, x: HeatmapLayout.margin, y: layout.titleY,
      lineHeight: HeatmapLayout.titleLineHeight, size: TypeSize.title, isBold: true)
      + SVGElement.lines(
        layout.subtitleLines, x: HeatmapLayout.margin, y: layout.subtitleY,
        lineHeight: HeatmapLayout.lineHeight, size: TypeSize.subtitle, fill: Ink.quietText)
  }

  private func rowAxis(_ layout: HeatmapLayout) -> [SVGElement] {
    let middle = layout.matrixTop + layout.matrixHeight / 2
    let title = SVGElement.upwardText(
      rowTitle, x: HeatmapLayout.margin + TypeSize.axis * 0.8, y: middle, size: TypeSize.axis,
      anchor: .middle, fill: Ink.quietText)
    var ticks = ""
    let labels = layout.rows.labels.map { label in
      let y = layout.matrixTop + label.position
      let cellMiddle = point(layout.matrixLeft - 1, layout.matrixTop + label.cellMiddle)
      ticks += "M\(cellMiddle)L\(point(layout.matrixLeft - 5, y))"
      return SVGElement.text(
        label.text, x: layout.matrixLeft - 8, y: y + TypeSize.label * 0.35, size: TypeSize.label,
        anchor: .end)
    }
    return [title, SVGElement.stroke(ticks, colour: Ink.line)] + labels
  }

  private func columnAxis(_ layout: HeatmapLayout) -> [SVGElement] {
    let top = layout.matrixBottom
    let title = SVGElement.text(
      columnTitle, x: layout.matrixLeft + layout.matrixWidth / 2, y: layout.columnTitleY,
      size: TypeSize.axis, anchor: .middle, fill: Ink.quietText)
    var ticks = ""
    let labels = layout.columns.labels.map { label in
      let x = layout.matrixLeft + label.position
      ticks += "M\(point(layout.matrixLeft + label.cellMiddle, top + 1))L\(point(x, top + 5))"
      return label.isTurned
        ? SVGElement.upwardText(
          label.text, x: x + TypeSize.label * 0.35, y: top + 8, size: TypeSize.label, anchor: .end)
        : SVGElement.text(
          label.text, x: x, y: top + 8 + TypeSize.label * 0.8, size: TypeSize.label,
          anchor: .middle)
    }
    return [title, SVGElement.stroke(ticks, colour: Ink.line)] + labels
  }
}
