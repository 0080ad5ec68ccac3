import SpectralReports
import Testing

extension Picture {
  /// The cells of a heatmap: the colour of each, by row and column.
  struct Cells {
    fileprivate(set) var colours: [[String]]

    /// The number of cells of any colour but those given.
    func count(except greys: Set<String>) -> Int {
      colours.joined().count { !greys.contains($0) }
    }
  }

  static let neutral = "#c9c9c9"
  static let missing = "#f0f0f0"

  /// Reads the strokes or pixels of the heatmap back into cells.
  func cells() throws -> Cells {
    let images = all("image")
    let paths = elements.filter { $0.name == "path" && $0.groupClass == "cells" }
    try #require(images.isEmpty != paths.isEmpty, "cells are strokes or pixels")
    let size =
      try images.isEmpty
      ? paths[0].number("stroke-width")
      : images[0].number("width") / Double(pixels(images[0]).width)
    var drawn: [(x: Double, y: Double, colour: String)] = []
    for image in images {
      let pixels = try pixels(image)
      let (left, top) = (try image.number("x"), try image.number("y"))
      for row in 0..<pixels.height {
        for column in 0..<pixels.width {
          let colour = pixels[row, column].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
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
        let count = numbers[2] / size
        try #require(count == count.rounded() && count >= 1, "\(stroke)")
        drawn += (0..<Int(count)).map { (numbers[0] + Double($0) * size, numbers[1], colour) }
      }
    }

    let columns = Set(drawn.map(\.x)).sorted()
    let rows = Set(drawn.map(\.y)).sorted()
    let columnPlaces = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
    let rowPlaces = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
    #expect(
      zip(columns, columns.dropFirst()).allSatisfy { $1 - $0 >= size }, "cells lie on one another")
    let line = [String](repeating: "", count: columns.count)
    var cells = Cells(colours: [[String]](repeating: line, count: rows.count))
    for cell in drawn {
      let column = try #require(columnPlaces[cell.x])
      let row = try #require(rowPlaces[cell.y])
      #expect(cells.colours[row][column].isEmpty, "cell \(row), \(column) is drawn twice")
      cells.colours[row][column] = cell.colour
    }
    return cells
  }

  /// The pixels of an embedded picture.
  func pixels(_ image: Element) throws -> DecodedPNG {
    let link = try #require(image.attributes["href"])
    let prefix = "data:image/png;base64,"
    try #require(link.hasPrefix(prefix))
    return try DecodedPNG(base64: String(link.dropFirst(prefix.count)))
  }
}
