internal import Pictures
package import Testing

extension DrawnPicture {
  /// The room that a line of text takes.
  struct Box {
    let words: String
    let left, right, top, bottom: Double

    func overlaps(_ other: Box) -> Bool {
      left < other.right && other.left < right && top < other.bottom && other.top < bottom
    }
  }

  /// The room that every line of text takes, worked out from its position, size, anchor and turn.
  func textBoxes() throws -> [Box] {
    try all("text").map { text in
      let size = try text.number("font-size")
      let width = textWidth(
        text.words, size: size, isBold: text.attributes["font-weight"] == "600")
      let x = try text.number("x")
      let y = try text.number("y")
      let before =
        switch text.attributes["text-anchor"] {
        case "middle": width / 2
        case "end": width
        default: 0.0
        }
      // Letters reach about 0.78 of their size above the baseline and 0.2 below it.
      if text.attributes["transform"]?.hasPrefix("rotate(-90") == true {
        return Box(
          words: text.words, left: x - 0.78 * size, right: x + 0.2 * size,
          top: y - (width - before), bottom: y + before)
      }
      return Box(
        words: text.words, left: x - before, right: x - before + width, top: y - 0.78 * size,
        bottom: y + 0.2 * size)
    }
  }

  /// Expects that no two texts touch and that none is cut off by the picture's edge.
  ///
  /// - Throws: What a failed requirement does, for elements without a place.
  package func expectReadableTexts(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let root = try #require(elements.first)
    let box = (root.attributes["viewBox"] ?? "").split(separator: " ").compactMap { Double($0) }
    try #require(box.count == 4, "a picture without viewBox")
    let (width, height) = (box[2], box[3])
    let boxes = try textBoxes()
    for (place, box) in boxes.enumerated() {
      #expect(
        box.left >= 0 && box.right <= width && box.top >= 0 && box.bottom <= height,
        "'\(box.words)' is cut off", sourceLocation: sourceLocation)
      for other in boxes[(place + 1)...] where box.overlaps(other) {
        Issue.record(
          "'\(box.words)' touches '\(other.words)'", sourceLocation: sourceLocation)
      }
    }
  }
}
