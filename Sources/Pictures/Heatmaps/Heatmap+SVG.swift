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
      header(layout), isLarge ? pixels(layout.grid) : [cells(layout.grid)],
      cellTexts(layout.grid),
      rowAxis(layout), columnAxis(layout),
      colourBarParts(layout),
      SVGElement.lines(
        layout.noteLines, x: HeatmapLayout.margin, y: layout.notesY,
        lineHeight: HeatmapLayout.lineHeight, size: TypeSize.label, fill: Ink.quietText),
    ]
    return SVGDocument(
      width: layout.width, height: layout.height, title: title, description: description,
      elements: elements.flatMap(\.self)
    ).markup
  }

  var description: String {
    let size = "\(rowLabels.count) rows by \(columnLabels.count) columns"
    let content = "Heatmap, \(size): \(rowTitle) by \(columnTitle)."
    let values =
      range.map {
        "Values from \(shareText($0.lowerBound)) to \(shareText($0.upperBound))."
      } ?? "No value was measured."
    let start = trimmedText(scaleStart, places: 6)
    let end = trimmedText(scaleEnd, places: 6)
    let scale =
      isDiverging
      ? "Colours run from blue at \(start) over near white to red at \(end)."
      : "Colours run from dark violet at \(start) to yellow at \(end)."
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
    return [title]
      + Self.rowLabels(layout.rows, left: layout.matrixLeft, top: layout.matrixTop)
  }

  /// The labels of rows, and lines from them to the middles of their rows.
  static func rowLabels(_ rows: AxisLabels, left: Double, top: Double) -> [SVGElement] {
    var ticks = ""
    let labels = rows.labels.map { label in
      let y = top + label.position
      ticks += "M\(point(left - 1, top + label.cellMiddle))L\(point(left - 5, y))"
      return SVGElement.text(
        label.text, x: left - 8, y: y + TypeSize.label * 0.35, size: TypeSize.label, anchor: .end)
    }
    return [SVGElement.stroke(ticks, colour: Ink.line)] + labels
  }

  private func columnAxis(_ layout: HeatmapLayout) -> [SVGElement] {
    let title = SVGElement.text(
      columnTitle, x: layout.matrixLeft + layout.matrixWidth / 2, y: layout.columnTitleY,
      size: TypeSize.axis, anchor: .middle, fill: Ink.quietText)
    return [title]
      + Self.columnLabels(layout.columns, left: layout.matrixLeft, bottom: layout.matrixBottom)
  }

  /// The labels of columns, and lines from them to the middles of their columns.
  static func columnLabels(_ columns: AxisLabels, left: Double, bottom: Double) -> [SVGElement] {
    var ticks = ""
    let labels = columns.labels.map { label in
      let x = left + label.position
      ticks += "M\(point(left + label.cellMiddle, bottom + 1))L\(point(x, bottom + 5))"
      return label.isTurned
        ? SVGElement.upwardText(
          label.text, x: x + TypeSize.label * 0.35, y: bottom + 8, size: TypeSize.label,
          anchor: .end)
        : SVGElement.text(
          label.text, x: x, y: bottom + 8 + TypeSize.label * 0.8, size: TypeSize.label,
          anchor: .middle)
    }
    return [SVGElement.stroke(ticks, colour: Ink.line)] + labels
  }
}
