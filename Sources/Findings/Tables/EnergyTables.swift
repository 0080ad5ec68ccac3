public import Experts

/// Energy of the leading directions, one row for each expert (analysis 1).
public enum Energy: UnitColumns {
  /// Index of a routed expert, or shared.
  public static let expert = Columns.expert
  /// The number of leading directions.
  public static let k = Columns.k
  /// Share of the squared Frobenius norm in the top k.
  public static let energyTop = Column<Double>.share(
    "energy_top", "share of the squared Frobenius norm in the top k")
  /// Squared Frobenius norm over squared largest value.
  public static let stableRank = Column<Double>(
    "stable_rank", "squared Frobenius norm over squared largest value")
  /// Entropy effective rank; empty where not all values are known.
  public static let effectiveRank = Column<Double>(
    "effective_rank", "entropy effective rank; empty where not all values are known")
  /// Sigma_k over sigma_(k+1); inf where that is zero or missing.
  public static let gap = Column<Double>(
    "gap", "sigma_k over sigma_(k+1); inf where that is zero or missing")
  /// What is odd about the leading directions; none for most experts.
  public static let flag = Column<Flag?>("flag", "ill-separated where the gap is under 1.001")
  /// Tokens of the captures routed to the expert, in the table of gradients alone; NaN where not
  /// known.
  public static let tokens = Column<Double>(
    "tokens", "tokens of the captures routed to the expert; empty where not known")

  /// The table.
  public static let table = TableDefinition(
    name: "energy",
    columns: [layer, projection, expert, k, energyTop, stableRank, effectiveRank, gap, flag])

  /// What is odd about an expert's leading directions.
  public enum Flag: String, ColumnWord, CaseIterable {
    /// The k-th direction is hardly defined.
    case illSeparated = "ill-separated"
  }
}

/// The singular values, the leading ones or all of them (analysis 1).
public enum Spectrum: UnitColumns {
  /// Index of a routed expert, or shared.
  public static let expert = Columns.expert
  /// Which singular value, largest first, counted from 1.
  public static let index = Column<Int>(
    "index", "which singular value, largest first, counted from 1")
  /// The singular value, in the weight's own unit.
  public static let sigma = Column<Double>("sigma", "the singular value, in the weight's own unit")

  /// The table.
  public static let table = TableDefinition(
    name: "spectrum",
    columns: [layer, projection, expert, index, sigma])
}

extension TableDefinition {
  /// Energy of the leading directions, one row for each expert (analysis 1).
  public static var energy: TableDefinition { Energy.table }

  /// The singular values, the leading ones or all of them (analysis 1).
  public static var spectrum: TableDefinition { Spectrum.table }
}
