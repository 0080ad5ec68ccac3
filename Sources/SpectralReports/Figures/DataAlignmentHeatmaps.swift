internal import Experts
public import Findings
internal import Pictures

extension FigureKind {
  /// How alike the leading directions of sequences are.
  static let dataAlignment = FigureKind(
    of: .dataAlignment, in: .data, paperFigure: "5, appendix: data alignment",
    shows: "how alike the leading directions of sequences are",
    scale: FigureScale(table: .dataAlignment) { dataAlignmentScaleMaximum(of: $0) }
  ) {
    dataAlignmentHeatmaps(
      dataAlignment: $0.table, scaleMaximum: $0.scaleMaximum, largestLayer: $0.largestLayer)
  }
}

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
  let ranks = dataAlignment[DataAlignment.k]
  // Sequences are told by numbers, as routed experts are.
  let pairs = Pairs(
    first: dataAlignment[DataAlignment.sequenceA].map(ExpertName.init(routed:)),
    second: dataAlignment[DataAlignment.sequenceB].map(ExpertName.init(routed:)),
    values: dataAlignment[DataAlignment.meanCosine],
    floors: dataAlignment[DataAlignment.floorMeanCosine])
  let scaleMaximum = scaleMaximum ?? dataAlignmentScaleMaximum(of: dataAlignment)

  return dataAlignment.figures(largestLayer: largestLayer) { _, title, rows in
    let rank = rankText(rows.map { ranks[$0] })
    let heatmap = pairs.heatmap(
      of: rows,
      title: "\(title) · data alignment · top k = \(rank) · mean cosine",
      subtitle: """
        principal similarity of two sequences' inputs of the MoE block, mean cosine of principal \
        angles
        """,
      measure: "mean cosine", thing: ("sequence", "a sequence"), scaleMaximum: scaleMaximum)
    return .heatmap(heatmap)
  }
}

/// Computes the largest value of a colour scale that suits all similarities of sequences of a run.
///
/// - Parameter dataAlignment: Tables in the form of `TableDefinition.dataAlignment`.
/// - Returns: The smallest round number, as with `similarityScaleMaximum(of:side:)`, that is at
///   least every mean cosine and twice every floor, but 1 at most; 0 where there is no value above
///   0.
/// - Precondition: The tables have the columns of that definition.
/// - Complexity: O(rows)
public func dataAlignmentScaleMaximum(of dataAlignment: Table...) -> Double {
  scaleMaximum(
    of: DataAlignment.meanCosine, floor: DataAlignment.floorMeanCosine, in: dataAlignment)
}
