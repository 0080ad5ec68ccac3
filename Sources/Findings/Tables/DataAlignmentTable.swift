/// Similarity of the leading subspaces of two sequences, one row for each pair (analysis 8).
public enum DataAlignment: LayerColumns, SubspaceColumns {
  /// The first sequence of the pair, counted from 0.
  public static let sequenceA = Column<Int>(
    "sequence_a", "the first sequence of the pair, counted from 0")
  /// The second sequence of the pair.
  public static let sequenceB = Column<Int>("sequence_b", "the second sequence of the pair")
  /// The number of leading directions, the smaller one of the two.
  public static let k = Column<Int>(
    "k", "the number of leading directions, the smaller one of the two")

  /// The table.
  public static let table = TableDefinition(
    name: "data_alignment",
    columns: [
      layer, sequenceA, sequenceB, k, meanCosine, overlap, maxCosine, minCosine, geodesic,
      floorMeanCosine,
    ])
}

extension TableDefinition {
  /// Similarity of the leading subspaces of two sequences, one row for each pair (analysis 8).
  public static var dataAlignment: TableDefinition { DataAlignment.table }
}
