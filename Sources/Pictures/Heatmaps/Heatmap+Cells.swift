extension Heatmap {
  /// The coloured cells: one path for each colour, and in it one stroke for each run of equal cells
  /// in a row.
  ///
  /// A stroke as wide as a cell takes half the bytes of an outline.
  func cells(_ grid: HeatmapGrid) -> SVGElement {
    var paths: [Cell: String] = [:]
    for row in rowLabels.indices {
      let y = grid.offset(ofRow: row)
      for run in runs(inRow: row) {
        paths[run.cell, default: ""] += horizontal(
          grid.offset(ofColumn: run.start), y, length: Double(run.count) * grid.cell)
      }
    }

    let greys = [(Cell.neutral, Ink.neutralCell), (.missing, Ink.missingCell)]
    let steps = (0..<ColourMap.stepCount).map { (Cell.step($0), colours.colour(ofStep: $0).hex) }
    let drawn = (greys + steps).compactMap { cell, colour in
      paths[cell].map { SVGElement("path", ["stroke": .text(colour), "d": .text($0)]) }
    }
    let place = point(grid.left, grid.top + grid.cell / 2)
    return SVGElement(
      "g",
      [
        "class": "cells", "fill": "none", "stroke-width": .number(grid.cell),
        "shape-rendering": "crispEdges", "transform": "translate(\(place))",
      ], children: drawn)
  }

  /// White lines between the cells and the values in them, where the cells are large enough for
  /// either.
  func cellTexts(_ grid: HeatmapGrid) -> [SVGElement] {
    var elements: [SVGElement] = []
    if grid.hasBorders {
      elements.append(SVGElement.stroke(cellBorders(grid), colour: "#ffffff"))
    }
    let places = scaleEnd < 0.02 ? 4 : (scaleEnd < 0.2 ? 3 : 2)
    let room = textWidth(fixedText(0, places: places), size: TypeSize.label) + 6
    guard grid.cell >= room else { return elements }

    let texts = rowLabels.indices.flatMap { row in
      columnLabels.indices.compactMap { column -> SVGElement? in
        guard case .step(let step) = cell(row: row, column: column) else { return nil }
        let x = grid.offset(ofColumn: column)
        let y = grid.offset(ofRow: row)
        return SVGElement(
          "text",
          [
            "x": .number(grid.left + x + grid.cell / 2),
            "y": .number(grid.top + y + grid.cell / 2 + TypeSize.label * 0.35),
            "fill": .text(colours.colour(ofStep: step).readableInk),
          ], words: fixedText(value(row: row, column: column), places: places))
      }
    }
    elements.append(
      SVGElement(
        "g", ["font-size": .number(TypeSize.label), "text-anchor": "middle"], children: texts))
    return elements
  }

  private func cellBorders(_ grid: HeatmapGrid) -> String {
    let upright = columnLabels.indices.dropFirst().map { column in
      vertical(grid.left + grid.offset(ofColumn: column), grid.top, length: grid.height)
    }
    let level = rowLabels.indices.dropFirst().map { row in
      horizontal(grid.left, grid.top + grid.offset(ofRow: row), length: grid.width)
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
