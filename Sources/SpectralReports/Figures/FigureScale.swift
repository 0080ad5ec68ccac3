internal import Experts
internal import Findings

/// One colour scale for all heatmaps of a kind, so that layers can be compared.
struct FigureScale: Sendable {
  /// The table whose heatmaps give the scale its name: kinds that name the same one share it.
  let table: TableDefinition

  /// The largest value that a unit's table needs; 0 where it has nothing to show.
  let maximum: @Sendable (Table) -> Double

  /// The same of what was measured on gradients.
  var ofGradients: FigureScale { FigureScale(table: table.ofGradients, maximum: maximum) }
}

/// The last value of each scale of a run.
struct FigureScales: Sendable {
  private var maxima: [String: Double] = [:]

  /// The scales that hold everything that other ones hold.
  init(holding scales: [FigureScales]) {
    for other in scales { maxima.merge(other.maxima, uniquingKeysWith: max) }
  }

  /// The scales of a single unit.
  init(of unit: RunUnit, in run: RunFolder) throws {
    for case .ofUnits(let drawing) in FigureKind.all.map(\.drawing) {
      guard let scale = drawing.scale, let table = try run.drawnTable(drawing.table, of: unit)
      else { continue }
      maxima[scale.table.name] = max(maxima[scale.table.name] ?? 0, scale.maximum(table))
    }
  }

  /// The last value of a drawing's scale; 0 where it has none.
  func maximum(of drawing: UnitDrawing) -> Double {
    drawing.scale.flatMap { maxima[$0.table.name] } ?? 0
  }
}
