public import Findings

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
  let bands = tailSimilarity.integers("tail_bands")
  let pairs = PairColumns(tailSimilarity, value: "mean_cosine")
  let scaleMaximum = scaleMaximum ?? tailSimilarityScaleMaximum(of: tailSimilarity)
  let largestLayer = largestLayer ?? tailSimilarity.integers("layer").max() ?? 0
  let things = definition.isOfGradients ? "experts' gradients" : "experts"

  return tailSimilarity.rowsByUnit().map { unit, rows in
    let count = rankText(rows.map { bands[$0] })
    let counted = count == "1" ? "band" : "\(count) bands"
    let heatmap = pairs.heatmap(
      of: rows, title: "\(unit.title(in: definition)) · hidden side · tail · mean cosine",
      subtitle:
        "similarity of \(things) beyond the top k, mean over the \(counted) after the first",
      measure: "mean cosine", scaleMaximum: scaleMaximum)
    let name = unit.figureName(table: definition.name, largestLayer: largestLayer)
    return Figure(name: name, table: definition.name, content: .heatmap(heatmap))
  }
}
