public import Findings
internal import Pictures

extension FigureKind {
  /// Experts chosen together.
  static let coactivation = FigureKind(
    of: .coactivation, in: .routing, paperFigure: "beyond the paper",
    shows: "experts chosen together",
    scale: FigureScale(table: .coactivation) { coactivationScaleMaximum(of: $0) }
  ) {
    coactivationHeatmaps(
      coactivation: $0.table, scaleMaximum: $0.scaleMaximum, largestLayer: $0.largestLayer)
  }
}

/// Draws which experts are used together: a symmetric heatmap of pairs for each layer.
///
/// - Parameters:
///   - coactivation: A table in the form of `TableDefinition.coactivation`, a whole run or a part
///     of one.
///   - scaleMaximum: The share of the last colour; what `coactivationScaleMaximum(of:)` gives for
///     this table when left out. A maximum of 0, nothing to show, is drawn as 1.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer, in their order, named like `coactivation-layer-00`, with
///   what chance would show marked on the colour bar.
/// - Precondition: The table has the columns of that definition, and the scale's maximum is finite
///   and not negative.
/// - Complexity: O(rows) in time; each figure takes about ten bytes for each cell.
public func coactivationHeatmaps(
  coactivation: Table, scaleMaximum: Double? = nil, largestLayer: Int? = nil
) -> [Figure] {
  let scaleMaximum = scaleMaximum ?? coactivationScaleMaximum(of: coactivation)
  let pairs = Pairs(
    first: coactivation[Coactivation.expertA], second: coactivation[Coactivation.expertB],
    values: coactivation[Coactivation.share], floors: coactivation[Coactivation.floorShare])
  return coactivation.figures(largestLayer: largestLayer) { _, title, rows in
    let heatmap = pairs.heatmap(
      of: rows, title: "\(title) · co-activation of experts",
      subtitle: "share of tokens that chose both experts", measure: "share",
      scaleMaximum: scaleMaximum)
    return .heatmap(heatmap)
  }
}

/// Computes the largest value of a colour scale that suits all co-activations of a run.
///
/// - Parameter coactivation: Tables in the form of `TableDefinition.coactivation`.
/// - Returns: The smallest round number, as with `similarityScaleMaximum(of:side:)`, that is at
///   least every share and twice every floor, but 1 at most; 0 where there is no value above 0.
/// - Precondition: The tables have the columns of that definition.
/// - Complexity: O(rows)
public func coactivationScaleMaximum(of coactivation: Table...) -> Double {
  scaleMaximum(of: Coactivation.share, floor: Coactivation.floorShare, in: coactivation)
}
