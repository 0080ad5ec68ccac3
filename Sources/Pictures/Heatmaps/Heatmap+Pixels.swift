internal import Foundation

extension Heatmap {
  /// Up to so many rows and columns the cells are drawn as vectors.
  private static let mostVectorCells = 48

  /// Whether the cells are drawn as pixels of a picture within the picture.
  var isLarge: Bool { max(rowLabels.count, columnLabels.count) > Self.mostVectorCells }

  /// How many pixels a cell is wide and high: renderers that smooth pictures, as many of PDF do,
  /// blur no more than the edges of cells.
  private static let pixelsPerCell = 8

  /// The cells as embedded PNG pictures: one picture, or one for each side of the gaps.
  func pixels(_ grid: HeatmapGrid) -> [SVGElement] {
    let rowParts = parts(of: rowLabels.count)
    let columnParts = parts(of: columnLabels.count)
    let palette = palette
    return rowParts.flatMap { rows in
      columnParts.compactMap { columns -> SVGElement? in
        let cells = rows.flatMap { row in columns.map { pixel(row: row, column: $0) } }
        let image = PNGImage(
          width: columns.count, height: rows.count, pixels: cells, palette: palette
        ).magnified(by: Self.pixelsPerCell)
        guard let file = image.encoded() else { return nil }
        let x = grid.offset(ofColumn: columns.lowerBound)
        let y = grid.offset(ofRow: rows.lowerBound)
        return SVGElement(
          "image",
          [
            "x": .number(grid.left + x), "y": .number(grid.top + y),
            "width": .number(Double(columns.count) * grid.cell),
            "height": .number(Double(rows.count) * grid.cell),
            "preserveAspectRatio": "none", "image-rendering": "pixelated",
            "href": .text("data:image/png;base64," + Data(file).base64EncodedString()),
          ])
      }
    }
  }

  private func parts(of count: Int) -> [Range<Int>] {
    let first = count - separatedCount
    return [0..<first, first..<count].filter { !$0.isEmpty }
  }

  /// Two greys and, of the colours, as many as a palette still has room for.
  private var palette: [Colour] {
    [Colour(Ink.neutralPixel), Colour(Ink.missingPixel)]
      + (0..<Self.pixelSteps).map { place in
        let share = Double(place) / Double(Self.pixelSteps - 1)
        return colours.colour(
          ofStep: Int((share * Double(ColourMap.stepCount - 1)).rounded()))
      }
  }

  private static let pixelSteps = 254

  private func pixel(row: Int, column: Int) -> UInt8 {
    switch cell(row: row, column: column) {
    case .neutral: 0
    case .missing: 1
    case .step(let step):
      UInt8(
        2 + (Double(step) / Double(ColourMap.stepCount - 1) * Double(Self.pixelSteps - 1)).rounded()
      )
    }
  }
}
