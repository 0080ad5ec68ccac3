/// A line of a legend: a sample of what is drawn, and what it means.
struct LegendEntry: Sendable, Hashable {
  /// What the sample looks like.
  enum Sample: Sendable, Hashable {
    case line(colour: String, width: Double, opacity: Double, dashes: String)
    case bar(colour: String)
    case area(colour: String)
    case whisker
  }

  let words: String
  let sample: Sample

  init(_ label: String, _ sample: Sample) {
    words = shortened(label, to: 40)
    self.sample = sample
  }

  /// How wide the entry is.
  func width(size: Double) -> Double { 32 + textWidth(words, size: size) }

  /// The entry, its sample beginning at `x` and centred on `y`.
  func elements(x: Double, y: Double, size: Double = TypeSize.axis) -> [SVGElement] {
    [
      drawnSample(x: x, y: y),
      SVGElement.text(words, x: x + 32, y: y + size * 0.35, size: size),
    ]
  }

  private func drawnSample(x: Double, y: Double) -> SVGElement {
    switch sample {
    case .line(let colour, let width, let opacity, let dashes):
      SVGElement(
        "path",
        [
          "d": "M\(point(x, y))h24", "stroke": .text(colour),
          "stroke-width": .number(max(width, 1.5)), "stroke-opacity": .number(max(opacity, 0.6)),
          "stroke-dasharray": .text(dashes.isEmpty ? "none" : dashes),
        ])
    case .bar(let colour):
      SVGElement(
        "rect",
        [
          "x": .number(x + 4), "y": .number(y - 6), "width": 16, "height": 12,
          "fill": .text(colour),
        ])
    case .area(let colour):
      SVGElement(
        "g", ["fill": .text(colour)],
        children: [
          SVGElement(
            "rect",
            [
              "x": .number(x), "y": .number(y - 6), "width": 24, "height": 12,
              "fill-opacity": 0.22,
            ]),
          SVGElement(
            "rect",
            [
              "x": .number(x), "y": .number(y - 3), "width": 24, "height": 6, "fill-opacity": 0.4,
            ]),
        ])
    case .whisker:
      SVGElement.stroke(
        vertical(x + 12, y - 7, length: 14) + horizontal(x + 8, y - 7, length: 8)
          + horizontal(x + 8, y + 7, length: 8), colour: Ink.text, width: 1.25)
    }
  }
}
