internal import Experts
internal import Findings

/// Draws the figures of one unit of a run.
struct UnitFigures {
  let run: RunFolder
  let scales: FigureScales

  /// Draws all figures that the unit has tables for.
  ///
  /// - Returns: The figures of each kind that has any, in the order of the kinds.
  /// - Throws: `FindingsError` for damaged tables.
  func figures(of unit: RunUnit) throws -> [FigureGroup] {
    try FigureKind.all.compactMap { kind in
      let figures = try figures(of: unit, kind: kind)
      return figures.isEmpty ? nil : FigureGroup(section: kind.section, figures: figures)
    }
  }

  /// Draws the figures of one kind; none where the unit has no table for them.
  ///
  /// - Throws: `FindingsError` for damaged tables.
  func figures(of unit: RunUnit, kind: FigureKind) throws -> [Figure] {
    let isOfGradients = unit.subject == .gradients
    guard case .ofUnits(let drawing) = kind.drawing,
      drawing.table.isOfGradients == isOfGradients,
      let table = try run.drawnTable(drawing.table, of: unit)
    else { return [] }
    return try drawing.draw(
      UnitDrawing.Material(
        table: table, scaleMaximum: scales.maximum(of: drawing),
        largestLayer: run.manifest.units.map(\.layer).max()
      ) { other in
        let definition = isOfGradients ? other.ofGradients : other
        return try run.drawnTable(definition, of: unit) ?? Table(definition)
      })
  }
}
