/// Where the scale beside the cells stands.
struct HeatmapColourBar {
  let left: Double
  let top: Double
  let width: Double
  let height: Double
  let ticks: [Tick]

  var right: Double { left + width }
  var bottom: Double { top + height }
}

extension Heatmap {
  /// The scale beside the cells with its words, and a mark where chance alone would be.
  func colourBarParts(_ layout: HeatmapLayout) -> [SVGElement] {
    let bar = HeatmapColourBar(
      left: layout.barLeft, top: layout.matrixTop, width: HeatmapLayout.barWidth,
      height: layout.barHeight, ticks: layout.barTicks)
    let words = SVGElement.text(
      measure, x: (bar.left + bar.right) / 2, y: bar.top - 10, size: TypeSize.label,
      anchor: .middle, fill: Ink.quietText)
    return colourBar(bar) + [words] + floorMark(bar) + floorWords(bar)
  }

  /// The colours of the scale, and its numbers.
  func colourBar(_ bar: HeatmapColourBar) -> [SVGElement] {
    let stops = colours.anchors.enumerated().map { index, colour in
      let share = Double(index) / Double(colours.anchors.count - 1)
      return SVGElement(
        "stop", ["offset": .text(fixedText(share, places: 4)), "stop-color": .text(colour.hex)])
    }
    let gradient = isDiverging ? "redblue-upwards" : "viridis-upwards"
    let marks = bar.ticks.map { "M\(point(bar.right, height(of: $0.value, on: bar)))h4" }
    let numbers = bar.ticks.map { tick in
      SVGElement.text(
        tick.label, x: bar.right + 8, y: height(of: tick.value, on: bar) + TypeSize.label * 0.35,
        size: TypeSize.label)
    }
    return [
      // The same gradient in every picture, so that pictures on one page may share the name.
      SVGElement(
        "linearGradient", ["id": .text(gradient), "x1": 0, "y1": 1, "x2": 0, "y2": 0],
        children: stops),
      SVGElement(
        "rect",
        [
          "x": .number(bar.left), "y": .number(bar.top), "width": .number(bar.width),
          "height": .number(bar.height), "fill": .text("url(#\(gradient))"),
        ]),
      SVGElement.stroke(marks.joined(), colour: Ink.line),
    ] + numbers
  }

  /// The mark of what chance alone would show; none where that is not known or off the scale.
  func floorMark(_ bar: HeatmapColourBar) -> [SVGElement] {
    guard hasFloorMark else { return [] }
    let (x, y) = (bar.left - 3, height(of: floor, on: bar))
    let across = horizontal(x, y, length: bar.width + 6)
    return [
      // The white edge keeps the line in sight on dark colours.
      SVGElement.stroke(across, colour: "#ffffff", width: 4),
      SVGElement.stroke(across, colour: Ink.text, width: 1.5),
      SVGElement("path", ["d": "M\(point(x, y))l-7 -4.5v9z", "fill": .text(Ink.text)]),
    ]
  }

  /// Whether what chance alone would show lies on the scale.
  private var hasFloorMark: Bool { floor >= scaleStart && floor <= scaleEnd }

  private func floorWords(_ bar: HeatmapColourBar) -> [SVGElement] {
    guard hasFloorMark else { return [] }
    let y = height(of: floor, on: bar)
    return [("floor", y - 2.5), (shareText(floor), y + 10)].map { words, y in
      SVGElement.text(
        words, x: bar.left - 17, y: y, size: TypeSize.label, anchor: .end, isBold: true)
    }
  }

  private func height(of value: Double, on bar: HeatmapColourBar) -> Double {
    bar.bottom
      - bar.height * min(max((value - scaleStart) / (scaleEnd - scaleStart), 0), 1)
  }
}
