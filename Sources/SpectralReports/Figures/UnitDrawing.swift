internal import Findings

/// How a kind of figure is drawn from the tables of a unit.
struct UnitDrawing: Sendable {
  /// What a figure is drawn from.
  struct Material {
    /// The table that is drawn.
    let table: Table
    /// The last value of the scale that the figures of all units share.
    let scaleMaximum: Double
    /// The largest layer of the run.
    let largestLayer: Int?
    /// Reads another table of the unit, of gradients where the unit is; an empty one where the unit
    /// has none.
    let other: (TableDefinition) throws -> Table
  }

  /// The table that is drawn.
  let table: TableDefinition
  /// The scale that the figures of all units share.
  let scale: FigureScale?
  /// Draws the unit's figures.
  let draw: @Sendable (Material) throws -> [Figure]

  /// The same of what was measured on gradients.
  var ofGradients: UnitDrawing {
    UnitDrawing(table: table.ofGradients, scale: scale?.ofGradients, draw: draw)
  }
}
