/// Energy and similarity of each band of k directions, over the routed experts (analysis 3).
public enum Bands: UnitColumns {
  /// Consecutive directions, the leading ones first, from 0.
  public static let band = Column<Int>(
    "band", "consecutive directions, the leading ones first, from 0")
  /// The number of directions in the band.
  public static let k = Column<Int>("k", "the number of directions in the band")
  /// Mean similarity of this band of two routed experts.
  public static let meanCosine = Column<Double>.share(
    "mean_cosine", "mean similarity of this band of two routed experts")
  /// Mean share of an expert's energy in the band.
  public static let energy = Column<Double>.share(
    "energy", "mean share of an expert's energy in the band")
  /// Expected mean_cosine of random subspaces.
  public static let floorMeanCosine = Column<Double>.share(
    "floor_mean_cosine", "expected mean_cosine of random subspaces")

  /// The table.
  public static let table = TableDefinition(
    name: "bands",
    columns: [layer, projection, band, k, meanCosine, energy, floorMeanCosine])
}

/// The first band beside the tail, one row for each layer and projection (analysis 3).
public enum BandSummary: UnitColumns {
  /// The number of leading directions.
  public static let k = Columns.k
  /// The number of bands but the first.
  public static let tailBands = Column<Int>("tail_bands", "the number of bands but the first")
  /// Mean_cosine of the first band.
  public static let topMeanCosine = Column<Double>.share(
    "top_mean_cosine", "mean_cosine of the first band")
  /// Plain mean over all bands but the first.
  public static let tailMeanCosine = Column<Double>.share(
    "tail_mean_cosine", "plain mean over all bands but the first")
  /// Expected mean_cosine of random subspaces, first band.
  public static let floorTop = Column<Double>.share(
    "floor_top", "expected mean_cosine of random subspaces, first band")
  /// Its plain mean over all bands but the first.
  public static let floorTail = Column<Double>.share(
    "floor_tail", "its plain mean over all bands but the first")
  /// Mean share of an expert's energy in the first band.
  public static let topEnergy = Column<Double>.share(
    "top_energy", "mean share of an expert's energy in the first band")

  /// The table.
  public static let table = TableDefinition(
    name: "band_summary",
    columns: [
      layer, projection, k, tailBands, topMeanCosine, tailMeanCosine, floorTop, floorTail,
      topEnergy,
    ])
}

/// Similarity of two routed experts in the tail, one row for each pair a < b (analysis 3).
public enum TailSimilarity: UnitColumns, PairColumns {
  /// The number of bands but the first.
  public static let tailBands = BandSummary.tailBands
  /// Plain mean over all bands but the first.
  public static let meanCosine = Column<Double>.share(
    "mean_cosine", "plain mean over all bands but the first")
  /// Expected mean_cosine of random subspaces.
  public static let floorMeanCosine = Column<Double>.share(
    "floor_mean_cosine", "expected mean_cosine of random subspaces")

  /// The table.
  public static let table = TableDefinition(
    name: "tail_similarity",
    columns: [layer, projection, expertA, expertB, tailBands, meanCosine, floorMeanCosine])
}

extension TableDefinition {
  /// Energy and similarity of each band of k directions, over the routed experts (analysis 3).
  public static var bands: TableDefinition { Bands.table }

  /// The first band beside the tail, one row for each layer and projection (analysis 3).
  public static var bandSummary: TableDefinition { BandSummary.table }

  /// Similarity of two routed experts in the tail, one row for each pair a < b (analysis 3).
  public static var tailSimilarity: TableDefinition { TailSimilarity.table }
}
