public import Findings
internal import Pictures

extension FigureKind {
  /// How alike two experts are beyond their leading subspaces, on the scale of these.
  static let tailSimilarity = FigureKind(
    of: .tailSimilarity, in: .similarity, paperFigure: "beyond the paper",
    shows: "similarity beyond the leading directions", command: ReportSection.dominant.command,
    scale: FigureScale(table: .similarity) { tailSimilarityScaleMaximum(of: $0) }
  ) {
    tailSimilarityHeatmaps(
      tailSimilarity: $0.table, scaleMaximum: $0.scaleMaximum, largestLayer: $0.largestLayer)
  }

  /// The same of gradients.
  static let gradientTailSimilarity = tailSimilarity.ofGradients(
    paperFigure: "4b, appendix: gradient tail similarity",
    shows: "the same beyond the leading directions")
}

/// Draws how alike two experts are beyond their leading subspaces: a symmetric heatmap for each
/// layer and projection.
///
/// A cell is the plain mean of the pair's similarities over all bands of k directions but the
/// first. To compare it with the leading subspaces, draw both with one scale: the larger of
/// `similarityScaleMaximum(of:side:)` and `tailSimilarityScaleMaximum(of:)`.
///
/// - Parameters:
///   - tailSimilarity: A table in the form of `TableDefinition.tailSimilarity` or of its
///     `ofGradients`, a whole run or a part of one.
///   - scaleMaximum: The value of the last colour; what `tailSimilarityScaleMaximum(of:)` gives for
///     this table when left out. A maximum of 0, nothing to show, is drawn as 1.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer and projection, in their order, named like
///   `tail_similarity-layer-00-gate_proj` or `gradient_tail_similarity-layer-00-gate_proj`.
/// - Precondition: The table has the columns of that definition, and the scale's maximum is finite
///   and not negative.
/// - Complexity: O(rows) in time; each figure takes about ten bytes for each cell.
public func tailSimilarityHeatmaps(
  tailSimilarity: Table, scaleMaximum: Double? = nil, largestLayer: Int? = nil
) -> [Figure] {
  let definition = tailSimilarity.definition
  let bands = tailSimilarity[TailSimilarity.tailBands]
  let pairs = Pairs(
    first: tailSimilarity[TailSimilarity.expertA], second: tailSimilarity[TailSimilarity.expertB],
    values: tailSimilarity[TailSimilarity.meanCosine],
    floors: tailSimilarity[TailSimilarity.floorMeanCosine])
  let scaleMaximum = scaleMaximum ?? tailSimilarityScaleMaximum(of: tailSimilarity)
  let things = definition.isOfGradients ? "experts' gradients" : "experts"

  return tailSimilarity.figures(largestLayer: largestLayer) { _, title, rows in
    let count = rankText(rows.map { bands[$0] })
    let counted = count == "1" ? "band" : "\(count) bands"
    let heatmap = pairs.heatmap(
      of: rows, title: "\(title) · hidden side · tail · mean cosine",
      subtitle:
        "similarity of \(things) beyond the top k, mean over the \(counted) after the first",
      measure: "mean cosine", scaleMaximum: scaleMaximum)
    return .heatmap(heatmap)
  }
}

/// Computes the largest value of a colour scale that suits all similarities of tails of a run.
///
/// Where leading and tail subspaces stand side by side, the larger of this and of
/// `similarityScaleMaximum(of:side:)` lets both share one scale.
///
/// - Parameter tailSimilarity: Tables in the form of `TableDefinition.tailSimilarity` or of its
///   `ofGradients`.
/// - Returns: The smallest round number, as with `similarityScaleMaximum(of:side:)`, that is at
///   least every mean cosine and twice every floor, but 1 at most; 0 where there is no value above
///   0.
/// - Precondition: The tables have the columns of that definition.
/// - Complexity: O(rows)
public func tailSimilarityScaleMaximum(of tailSimilarity: Table...) -> Double {
  scaleMaximum(
    of: TailSimilarity.meanCosine, floor: TailSimilarity.floorMeanCosine, in: tailSimilarity)
}
