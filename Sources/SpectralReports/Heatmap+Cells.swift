extension Heatmap {
  /// The coloured cells: one path for each colour, and in it one stroke for each run of equal cells
  /// in a row.
  ///
  /// A stroke as wide as a cell takes half the bytes of an outline. All coordinates are whole
  /// numbers.
  func cells(_ layout: HeatmapLayout) -> SVGElement {
    var paths: [Cell: String] = [:]
    for row in rowLabels.indices {
      let y = Int(layout.offset(of: row, in: rowLabels.count, separated: separatedCount))
      for run in runs(inRow: row) {
        let x = Int(
          layout.offset(of: run.start, in: columnLabels.count, separated: separatedCount))
        paths[run.cell, default: ""] += "M\(x) \(y)h\(run.count * Int(layout.cell))"
      }
    }

    let greys = [(Cell.neutral, Ink.neutralCell), (.missing, Ink.missingCell)]
    let steps = (0..<ColourMap.stepCount).map { (Cell.step($0), colours.colour(ofStep: $0).hex) }
    let drawn = (greys + steps).compactMap { cell, colour in
      paths[cell].map { SVGElement("path", ["stroke": .text(colour), "d": .text($0)]) }
    }
    let place = point(layout.matrixLeft, layout.matrixTop + layout.cell / 2)
    return SVGElement(
      "g",
      [
        "class": "cells", "fill": "none", "stroke-width": .number(layout.cell),
        "shape-rendering": "crispEdges", "transform": "translate(\(place))",
      ], children: drawn)
  }

  /// White lines between the cells and the values in them, where the cells are large enough for
  /// either.
  func cellTexts(_ layout: HeatmapLayout) -> [SVGElement] {
    var elements: [SVGElement] = []
    if layout.cell >= 12 {
      elements.append(SVGElement.stroke(cellBorders(layout), colour: "#ffffff"))
    }
    let places = scaleEnd < 0.02 ? 4 : (scaleEnd < 0.2 ? 3 : 2)
    let room = textWidth(fixedText(0, places: places), size: TypeSize.label) + 6
    guard layout.cell >= room else { return elements }

    let texts = rowLabels.indices.flatMap { row in
      columnLabels.indices.compactMap { column -> SVGElement? in
        guard case .step(let step) = cell(row: row, column: column) else { return nil }
        let x = layout.offset(of: column, in: columnLabels.count, separated: separatedCount)
        let y = layout.offset(of: row, in: rowLabels.count, separated: separatedCount)
        return SVGElement(
          "text",
          [
            "x": .number(layout.matrixLeft + x + layout.cell / 2),
            "y": .number(layout.matrixTop + y + layout.cell / 2 + TypeSize.label * 0.35),
            "fill": .text(colours.colour(ofStep: step).readableInk),
          ], words: fixedText(value(row: row, column: column), places: places))
      }
    }
    elements.append(
      SVGElement(
        "g", ["font-size": .number(TypeSize.label), "text-anchor": "middle"], children: texts))
    return elements
  }

  private func cellBorders(_ layout: HeatmapLayout) -> String {
    let upright = columnLabels.indices.dropFirst().map { column in
      let x = layout.offset(of: column, in: columnLabels.count, separated: separatedCount)
      return
        vertical(layout.matrixLeft + x, layout.matrixTop, length: layout.matrixHeight)
    }
    let level = rowLabels.indices.dropFirst().map { row in
      let y = layout.offset(of: row, in: rowLabels.count, separated: separatedCount)
      return
        horizontal(layout.matrixLeft, layout.matrixTop + y, length: layout.matrixWidth)
    }
    return (upright + level).joined()
  }

  private struct Run {
    let cell: Cell
    let start: Int
    var count: Int
  }

  /// The runs of equal cells in a row; none crosses the gap before the separated columns.
  private func runs(inRow row: Int) -> [Run] {
    let firstSeparated = columnLabels.count - separatedCount
    return columnLabels.indices.reduce(into: []) { runs, column in
      let next = cell(row: row, column: column)
      if let last = runs.last, last.cell == next, column != firstSeparated {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(Run(cell: next, start: column, count: 1))
      }
    }
  }
}
