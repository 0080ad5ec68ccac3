extension LineChart {
  /// The chart as an SVG picture.
  ///
  /// - Complexity: O(points) in time and memory; about twelve bytes of markup for each point.
  func svg() -> String {
    let layout = LineChartLayout(self)
    let elements = [
      SVGElement.lines(
        layout.titleLines, x: LineChartLayout.margin, y: layout.titleY, lineHeight: 24,
        size: TypeSize.title, isBold: true),
      SVGElement.lines(
        layout.subtitleLines, x: LineChartLayout.margin, y: layout.subtitleY, lineHeight: 18,
        size: TypeSize.subtitle, fill: Ink.quietText),
      axes(layout), groups.map { drawing(of: $0, layout) }, legend(layout),
    ]
    return SVGDocument(
      width: layout.width, height: layout.height, title: title, description: description,
      elements: elements.flatMap(\.self)
    ).markup
  }

  private var description: String {
    let kinds = groups.map { "\($0.label): \($0.lines.count)" }.joined(separator: ", ")
    let range = "Values from \(yText(values.min())) to \(yText(values.max()))."
    return "\(subtitle). Lines by kind: \(kinds). \(range)"
  }

  private func yText(_ value: Double?) -> String {
    value.map { trimmedText($0, places: 6) } ?? "nothing measured"
  }

  private func axes(_ layout: LineChartLayout) -> [SVGElement] {
    var grid = ""
    var marks = ""
    var texts: [SVGElement] = []
    for tick in layout.yTicks {
      let y = layout.y(tick.value)
      grid += horizontal(layout.plotLeft, y, length: LineChartLayout.plotWidth)
      texts.append(
        SVGElement.text(
          tick.label, x: layout.plotLeft - 8, y: y + TypeSize.label * 0.35, size: TypeSize.label,
          anchor: .end))
    }
    for tick in xTicks {
      let x = layout.x(tick.value)
      marks += "M\(point(x, layout.plotBottom))v4"
      texts.append(
        SVGElement.text(
          tick.label, x: x, y: layout.plotBottom + 9 + TypeSize.label * 0.8, size: TypeSize.label,
          anchor: .middle))
    }
    let base =
      horizontal(layout.plotLeft, layout.plotBottom, length: LineChartLayout.plotWidth)
    return [
      SVGElement.stroke(grid, colour: Ink.grid), SVGElement.stroke(base + marks, colour: Ink.line),
      SVGElement.upwardText(
        layout.yTitle, x: LineChartLayout.margin + TypeSize.axis * 0.8,
        y: layout.plotTop + layout.plotHeight / 2, size: TypeSize.axis, anchor: .middle,
        fill: Ink.quietText),
      SVGElement.text(
        xTitle, x: layout.plotLeft + LineChartLayout.plotWidth / 2, y: layout.xTitleY,
        size: TypeSize.axis, anchor: .middle, fill: Ink.quietText),
    ] + texts
  }

  private func drawing(of group: Group, _ layout: LineChartLayout) -> SVGElement {
    SVGElement(
      "g",
      [
        "class": "lines", "fill": "none", "stroke": .text(group.colour),
        "stroke-width": .number(group.width), "stroke-opacity": .number(group.opacity),
        "stroke-dasharray": .text(group.dashes.isEmpty ? "none" : group.dashes),
        "stroke-linejoin": "round", "stroke-linecap": "round",
      ],
      children: group.lines.map { SVGElement("path", ["d": .text(path(of: $0, layout))]) })
  }

  private func path(of line: [Point], _ layout: LineChartLayout) -> String {
    line.split { !$0.y.isFinite }.map { piece in
      let places = piece.map { point(layout.x($0.x), layout.y($0.y)) }
      // A point alone becomes a dot: a line of no length with round ends.
      return "M" + places.joined(separator: "L") + (places.count == 1 ? "h0" : "")
    }.joined()
  }

  private func legend(_ layout: LineChartLayout) -> [SVGElement] {
    groups.enumerated().flatMap { index, group in
      let y = layout.plotTop + 10 + Double(index) * LineChartLayout.legendLineHeight
      return [
        SVGElement(
          "path",
          [
            "d": "M\(point(layout.legendLeft, y))h24", "stroke": .text(group.colour),
            "stroke-width": .number(max(group.width, 1.5)),
            "stroke-opacity": .number(max(group.opacity, 0.6)),
            "stroke-dasharray": .text(group.dashes.isEmpty ? "none" : group.dashes),
          ]),
        SVGElement.text(
          shortened(group.label, to: 32), x: layout.legendLeft + 32, y: y + TypeSize.axis * 0.35,
          size: TypeSize.axis),
      ]
    }
  }
}
