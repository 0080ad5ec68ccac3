public import Experts

/// Similarity of the leading subspaces of two experts, one row for each pair a < b (analysis 2).
public enum Similarity: UnitColumns, PairColumns, SubspaceColumns {
  /// Where the subspaces lie: in the residual stream, or among the expert's own neurons.
  public static let side = Columns.side
  /// The number of leading directions.
  public static let k = Columns.k

  /// The table.
  public static let table = TableDefinition(
    name: "similarity",
    columns: [
      layer, projection, side, expertA, expertB, k, meanCosine, overlap, maxCosine, minCosine,
      geodesic, floorMeanCosine,
    ])
}

/// Similarity over all pairs of routed experts of a layer, projection and side (analysis 2).
public enum Summary: UnitColumns {
  /// Where the subspaces lie: in the residual stream, or among the expert's own neurons.
  public static let side = Columns.side
  /// The number of pairs of routed experts.
  public static let pairs = Column<Int>("pairs", "the number of pairs of routed experts")
  /// Mean of mean_cosine over the pairs.
  public static let mean = Column<Double>.share(
    "mean", "mean of mean_cosine over the pairs")
  /// Smallest mean_cosine.
  public static let min = Column<Double>.share(
    "min", "smallest mean_cosine")
  /// Lower quartile, linear interpolation.
  public static let q1 = Column<Double>.share(
    "q1", "lower quartile, linear interpolation")
  /// The median.
  public static let median = Column<Double>.share(
    "median", "median")
  /// Upper quartile.
  public static let q3 = Column<Double>.share(
    "q3", "upper quartile")
  /// Largest mean_cosine.
  public static let max = Column<Double>.share(
    "max", "largest mean_cosine")
  /// Expected mean_cosine of random subspaces.
  public static let floor = Column<Double>.share(
    "floor", "expected mean_cosine of random subspaces")
  /// (mean - floor) / (1 - floor).
  public static let excess = Column<Double>("excess", "(mean - floor) / (1 - floor)")

  /// The table.
  public static let table = TableDefinition(
    name: "summary",
    columns: [layer, projection, side, pairs, mean, min, q1, median, q3, max, floor, excess])
}

/// What independent random subspaces would show, by Monte Carlo with a fixed seed (Method.md
/// section 2).
public enum Floors {
  /// Dimension of the space.
  public static let n = Column<Int>("n", "dimension of the space")
  /// The number of leading directions.
  public static let k = Columns.k
  /// The column of the similarity table.
  public static let measure = Column<Measure>("measure", "the column of the similarity table")
  /// Mean over random pairs; k/n exactly for the overlap.
  public static let mean = Column<Double>(
    "mean", "mean over random pairs; k/n exactly for the overlap")
  /// Standard deviation over random pairs.
  public static let sd = Column<Double>("sd", "standard deviation over random pairs")
  /// 95th percentile over random pairs.
  public static let p95 = Column<Double>("p95", "95th percentile over random pairs")

  /// The table.
  public static let table = TableDefinition(
    name: "floors",
    columns: [n, k, measure, mean, sd, p95])

  /// The measures that have a floor: columns of the similarity table.
  public enum Measure: String, ColumnWord, CaseIterable {
    /// The mean cosine of the principal angles.
    case meanCosine = "mean_cosine"
    /// Their mean squared cosine.
    case overlap
    /// The cosine of the smallest one.
    case maxCosine = "max_cosine"
    /// The cosine of the largest one.
    case minCosine = "min_cosine"
    /// The root of the sum of their squares.
    case geodesic
  }
}

extension TableDefinition {
  /// Similarity of the leading subspaces of two experts, one row for each pair a < b (analysis 2).
  public static var similarity: TableDefinition { Similarity.table }

  /// Similarity over all pairs of routed experts of a layer, projection and side (analysis 2).
  public static var summary: TableDefinition { Summary.table }

  /// What independent random subspaces would show, by Monte Carlo with a fixed seed (Method.md
  /// section 2).
  public static var floors: TableDefinition { Floors.table }
}
