public import Findings

/// Draws how alike the leading directions of two sequences' activations are: a symmetric heatmap of
/// sequences for each layer.
///
/// - Parameters:
///   - dataAlignment: A table in the form of `TableDefinition.dataAlignment`, a whole run or a part
///     of one.
///   - scaleMaximum: The value of the last colour; what `dataAlignmentScaleMaximum(of:)` gives for
///     this table when left out. A maximum of 0, nothing to show, is drawn as 1.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer, in their order, named like `data_alignment-layer-00`.
/// - Precondition: The table has the columns of that definition, and the scale's maximum is finite
///   and not negative.
/// - Complexity: O(rows) in time; each figure takes about ten bytes for each cell.
public func dataAlignmentHeatmaps(
  dataAlignment: Table, scaleMaximum: Double? = nil, largestLayer: Int? = nil
) -> [Figure] {
  let definition = dataAlignment.definition
  let ranks = dataAlignment.integers("k")
  let pairs = PairColumns(
    dataAlignment, names: ("sequence_a", "sequence_b"), value: "mean_cosine")
  let scaleMaximum = scaleMaximum ?? dataAlignmentScaleMaximum(of: dataAlignment)
  let largestLayer = largestLayer ?? dataAlignment.integers("layer").max() ?? 0

  return dataAlignment.rowsByUnit().map { unit, rows in
    let rank = rankText(rows.map { ranks[$0] })
    let heatmap = pairs.heatmap(
      of: rows,
      title: "\(unit.title(in: definition)) · data alignment · top k = \(rank) · mean cosine",
      subtitle: """
        principal similarity of two sequences' inputs of the MoE block, mean cosine of principal \
        angles
        """,
      measure: "mean cosine", thing: ("sequence", "a sequence"), scaleMaximum: scaleMaximum)
    let name = unit.figureName(table: definition.name, largestLayer: largestLayer)
    return Figure(name: name, table: definition.name, content: .heatmap(heatmap))
  }
}
