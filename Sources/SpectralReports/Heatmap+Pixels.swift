internal import Foundation

extension Heatmap {
  /// Up to so many rows and columns the cells are drawn as vectors.
  private static let mostVectorCells = 48

  /// Whether the cells are drawn as pixels of a picture within the picture.
  var isLarge: Bool { max(rowLabels.count, columnLabels.count) > Self.mostVectorCells }

  /// The cells as embedded PNG pictures, one pixel for each: one picture, or one for each side of
  /// the gaps.
  func pixels(_ layout: HeatmapLayout) -> [SVGElement] {
    let rowParts = parts(of: rowLabels.count)
    let columnParts = parts(of: columnLabels.count)
    let palette = palette
    return rowParts.flatMap { rows in
      columnParts.compactMap { columns -> SVGElement? in
        let pixels = rows.flatMap { row in columns.map { pixel(row: row, column: $0) } }
        let image = PNGImage(
          width: columns.count, height: rows.count, pixels: pixels, palette: palette)
        guard let file = image.encoded() else { return nil }
        let x = layout.offset(
          of: columns.lowerBound, in: columnLabels.count, separated: separatedCount)
        let y = layout.offset(of: rows.lowerBound, in: rowLabels.count, separated: separatedCount)
        return SVGElement(
          "image",
          [
            "x": .number(layout.matrixLeft + x), "y": .number(layout.matrixTop + y),
            "width": .number(Double(columns.count) * layout.cell),
            "height": .number(Double(rows.count) * layout.cell),
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
