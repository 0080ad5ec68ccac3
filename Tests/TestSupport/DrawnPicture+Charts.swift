package import Pictures
internal import Testing

/// Reads charts back: their axes, lines and bars.
extension DrawnPicture {
  /// A mark of an axis: the number that is written, and where it stands in pixels.
  package struct Mark: Equatable {
    /// The number.
    package let value: Double
    /// The place in pixels.
    package let position: Double
  }

  /// A line of a chart, as its path has it.
  package struct Line {
    /// The attributes of the stroke.
    package let colour, dashes, width: String?
    /// The path.
    package let path: String
    /// The points of all pieces of the line, in pixels.
    package let points: [(x: Double, y: Double)]
  }

  /// A bar of a chart, in pixels.
  package struct Bar {
    /// The colour.
    package let colour: String?
    /// Where the bar stands.
    package let left, width, top, bottom: Double
  }

  /// The marks of the vertical axis of each panel, from the lowest up.
  ///
  /// - Throws: What a failed requirement does, for labels that are no numbers.
  package func verticalMarks() throws -> [[Mark]] {
    let labels = all("text").filter {
      $0.attributes["text-anchor"] == "end" && $0.attributes["transform"] == nil
    }
    return try labels.reduce(into: []) { panels, label in
      let size = try label.number("font-size")
      let mark = Mark(
        value: try #require(Double(label.words)), position: try label.number("y") - size * 0.35)
      // Within a panel marks are written upwards.
      if let last = panels.last?.last, mark.position < last.position {
        panels[panels.count - 1].append(mark)
      } else {
        panels.append([mark])
      }
    }
  }

  /// The marks of the horizontal axis that have a number.
  ///
  /// - Throws: What a failed requirement does, for labels without a place.
  package func horizontalMarks() throws -> [Mark] {
    try all("text").filter {
      $0.attributes["text-anchor"] == "middle" && $0.attributes["transform"] == nil
    }.compactMap { label in
      guard let value = Double(label.words) else { return nil }
      return Mark(value: value, position: try label.number("x"))
    }
  }

  /// The lines of all groups, in the order of drawing.
  package func lines() -> [Line] {
    elements.filter { $0.name == "path" && $0.groupClass == "lines" }.map { element in
      let path = element.attributes["d"] ?? ""
      let numbers = path.replacing("h0", with: "").split { "ML".contains($0) }
        .map { $0.split(separator: " ").compactMap { Double($0) } }
      return Line(
        colour: element.attributes["stroke"], dashes: element.attributes["stroke-dasharray"],
        width: element.attributes["stroke-width"], path: path,
        points: numbers.compactMap { $0.count == 2 ? (x: $0[0], y: $0[1]) : nil })
    }
  }

  /// The bars of all series, in the order of drawing.
  ///
  /// - Throws: What a failed requirement does, for paths that are no bars.
  package func bars() throws -> [Bar] {
    let paths = elements.filter { $0.name == "path" && $0.groupClass == "bars" }
    return try paths.flatMap { element in
      try #require(element.attributes["d"]).split(separator: "M").map { bar in
        let numbers = bar.split { " vhz".contains($0) }.compactMap { Double($0) }
        try #require(numbers.count == 5 && numbers[2] == -numbers[4], "\(bar)")
        return Bar(
          colour: element.attributes["fill"], left: numbers[0], width: numbers[3],
          top: numbers[1] + numbers[2], bottom: numbers[1])
      }
    }
  }
}

/// Where a value stands between the first and the last mark of an axis.
///
/// - Throws: What a failed requirement does, for an axis without marks.
package func position(
  of value: Double, on marks: [DrawnPicture.Mark], scale: AxisScale = .linear
) throws -> Double {
  let first = try #require(marks.first)
  let last = try #require(marks.last)
  let share = scale.share(of: value, in: first.value...last.value)
  return first.position + (last.position - first.position) * share
}
