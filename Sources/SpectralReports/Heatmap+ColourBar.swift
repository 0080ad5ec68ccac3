extension Heatmap {
  /// The scale beside the cells, with a mark where chance alone would be.
  func colourBar(_ layout: HeatmapLayout) -> [SVGElement] {
    let left = layout.barLeft
    let right = left + HeatmapLayout.barWidth
    let bottom = layout.matrixTop + layout.barHeight
    func height(of value: Double) -> Double {
      bottom - layout.barHeight * min(max((value - scaleStart) / (scaleEnd - scaleStart), 0), 1)
    }

    let stops = colours.anchors.enumerated().map { index, colour in
      let share = Double(index) / Double(colours.anchors.count - 1)
      return SVGElement(
        "stop", ["offset": .text(fixedText(share, places: 4)), "stop-color": .text(colour.hex)])
    }
    let gradient = isDiverging ? "redblue-upwards" : "viridis-upwards"
    var elements = [
      // The same gradient in every picture, so that pictures on one page may share the name.
      SVGElement(
        "linearGradient", ["id": .text(gradient), "x1": 0, "y1": 1, "x2": 0, "y2": 0],
        children: stops),
      SVGElement(
        "rect",
        [
          "x": .number(left), "y": .number(layout.matrixTop),
          "width": .number(HeatmapLayout.barWidth), "height": .number(layout.barHeight),
          "fill": .text("url(#\(gradient))"),
        ]),
      SVGElement.text(
        measure, x: (left + right) / 2, y: layout.matrixTop - 10, size: TypeSize.label,
        anchor: .middle, fill: Ink.quietText),
    ]

    var marks = ""
    for tick in layout.barTicks {
      let y = height(of: tick.value)
      marks += "M\(point(right, y))h4"
      elements.append(
        SVGElement.text(
          tick.label, x: right + 8, y: y + TypeSize.label * 0.35, size: TypeSize.label))
    }
    elements.append(SVGElement.stroke(marks, colour: Ink.line))
    if !floor.isNaN { elements += floorMark(x: left, y: height(of: floor)) }
    return elements
  }

  private func floorMark(x: Double, y: Double) -> [SVGElement] {
    let across = horizontal(x - 3, y, length: HeatmapLayout.barWidth + 6)
    return [
      // The white edge keeps the line in sight on dark colours.
      SVGElement.stroke(across, colour: "#ffffff", width: 4),
      SVGElement.stroke(across, colour: Ink.text, width: 1.5),
      SVGElement("path", ["d": "M\(point(x - 3, y))l-7 -4.5v9z", "fill": .text(Ink.text)]),
      SVGElement.text(
        "floor", x: x - 14, y: y - 2.5, size: TypeSize.label, anchor: .end, isBold: true),
      SVGElement.text(
        shareText(floor), x: x - 14, y: y + 10, size: TypeSize.label, anchor: .end, isBold: true),
    ]
  }
}
