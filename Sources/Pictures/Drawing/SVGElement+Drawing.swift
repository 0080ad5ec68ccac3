extension SVGElement {
  /// Which part of a line of text stands at its position.
  enum Anchor: String {
    case start
    case middle
    case end
  }

  /// A line of text whose baseline is at `y`.
  static func text(
    _ words: String, x: Double, y: Double, size: Double, anchor: Anchor = .start,
    isBold: Bool = false, fill: String = Ink.text
  ) -> SVGElement {
    SVGElement(
      "text",
      [
        "x": .number(x), "y": .number(y), "font-size": .number(size),
        "font-weight": isBold ? "600" : "400", "text-anchor": .text(anchor.rawValue),
        "fill": .text(fill),
      ], words: words)
  }

  /// A line of text that reads upwards, its baseline at `x`.
  static func upwardText(
    _ words: String, x: Double, y: Double, size: Double, anchor: Anchor, fill: String = Ink.text
  ) -> SVGElement {
    let turn = "rotate(-90 \(trimmedText(x, places: 2)) \(trimmedText(y, places: 2)))"
    return SVGElement(
      "text",
      [
        "x": .number(x), "y": .number(y), "font-size": .number(size),
        "text-anchor": .text(anchor.rawValue), "fill": .text(fill), "transform": .text(turn),
      ], words: words)
  }

  /// Lines of text below one another.
  static func lines(
    _ lines: [String], x: Double, y: Double, lineHeight: Double, size: Double, isBold: Bool = false,
    fill: String = Ink.text
  ) -> [SVGElement] {
    lines.enumerated().map { index, line in
      text(
        line, x: x, y: y + Double(index) * lineHeight, size: size, isBold: isBold, fill: fill)
    }
  }

  /// A stroke along a path.
  static func stroke(_ path: String, colour: String, width: Double = 1) -> SVGElement {
    SVGElement(
      "path",
      ["d": .text(path), "fill": "none", "stroke": .text(colour), "stroke-width": .number(width)])
  }
}

/// A position as a path writes it.
func point(_ x: Double, _ y: Double) -> String {
  "\(trimmedText(x, places: 2)) \(trimmedText(y, places: 2))"
}

/// The part of a path that is a line to the right.
func horizontal(_ x: Double, _ y: Double, length: Double) -> String {
  "M\(point(x, y))h\(trimmedText(length, places: 2))"
}

/// The part of a path that is a line downwards.
func vertical(_ x: Double, _ y: Double, length: Double) -> String {
  "M\(point(x, y))v\(trimmedText(length, places: 2))"
}
