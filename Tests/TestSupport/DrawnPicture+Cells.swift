internal import Testing

extension DrawnPicture {
  /// The cells of a heatmap: the colour of each, by row and column.
  package struct Cells {
    /// Row by row, such as `#440154`.
    package fileprivate(set) var colours: [[String]]

    /// The number of cells of any colour but those given.
    package func count(except greys: Set<String>) -> Int {
      colours.joined().count { !greys.contains($0) }
    }
  }

  /// The colour of cells that carry no value.
  package static let neutral = "#c9c9c9"
  /// The colour of cells that were not measured.
  package static let missing = "#f0f0f0"

  /// How many pixels a cell is wide and high: with fewer, renderers that smooth blur it.
  package static let pixelsPerCell = 8

  /// Reads the strokes or pixels of the heatmap back into cells.
  ///
  /// - Throws: What a failed requirement does, where the picture is no heatmap.
  package func cells() throws -> Cells {
    let images = all("image")
    let paths = elements.filter { $0.name == "path" && $0.groupClass == "cells" }
    try #require(images.isEmpty != paths.isEmpty, "cells are strokes or pixels")
    let size =
      try images.isEmpty
      ? paths[0].number("stroke-width")
      : images[0].number("width") / Double(pixels(images[0]).width / Self.pixelsPerCell)
    var drawn: [(x: Double, y: Double, colour: String)] = []
    for image in images {
      let pixels = try pixels(image)
      let (left, top) = (try image.number("x"), try image.number("y"))
      for row in 0..<pixels.height / Self.pixelsPerCell {
        for column in 0..<pixels.width / Self.pixelsPerCell {
          let first = (row: row * Self.pixelsPerCell, column: column * Self.pixelsPerCell)
          let last = Self.pixelsPerCell - 1
          let corner = pixels[first.row, first.column]
          #expect(corner == pixels[first.row + last, first.column + last], "cell of two colours")
          let colour = corner.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
          drawn.append(
            (left + Double(column) * size, top + Double(row) * size, "#" + colour.joined()))
        }
      }
    }
    for path in paths {
      let colour = try #require(path.attributes["stroke"])
      for stroke in try #require(path.attributes["d"]).split(separator: "M") {
        let numbers = stroke.split { " h".contains($0) }.compactMap { Double($0) }
        try #require(numbers.count == 3, "\(stroke)")
        // Printed lengths are rounded to two decimals.
        let count = (numbers[2] / size).rounded()
        try #require(abs(numbers[2] - count * size) < 0.1 && count >= 1, "\(stroke)")
        drawn += (0..<Int(count)).map { (numbers[0] + Double($0) * size, numbers[1], colour) }
      }
    }

    let columns = Self.steps(drawn.map(\.x), apart: size)
    let rows = Self.steps(drawn.map(\.y), apart: size)
    for steps in [columns, rows] {
      #expect(
        zip(steps, steps.dropFirst()).allSatisfy { $1 - $0 > size - 0.05 },
        "cells lie on one another")
    }
    let line = [String](repeating: "", count: columns.count)
    var cells = Cells(colours: [[String]](repeating: line, count: rows.count))
    for cell in drawn {
      let column = try #require(columns.lastIndex { $0 <= cell.x })
      let row = try #require(rows.lastIndex { $0 <= cell.y })
      #expect(cells.colours[row][column].isEmpty, "cell \(row), \(column) is drawn twice")
      cells.colours[row][column] = cell.colour
    }
    return cells
  }

  /// The places of a grid, of which those of one line differ by rounding alone.
  private static func steps(_ places: [Double], apart size: Double) -> [Double] {
    places.sorted().reduce(into: []) { steps, place in
      if place - (steps.last ?? -.infinity) > size / 2 { steps.append(place) }
    }
  }

  /// The pixels of an embedded picture.
  ///
  /// - Throws: What a failed requirement does, where it is none.
  package func pixels(_ image: Element) throws -> DecodedPNG {
    let link = try #require(image.attributes["href"])
    let prefix = "data:image/png;base64,"
    try #require(link.hasPrefix(prefix))
    return try DecodedPNG(base64: String(link.dropFirst(prefix.count)))
  }
}
