public import Experts

/// Cosine between a router row and its own expert's leading directions (analysis 4).
public enum RouterAlignment: UnitColumns {
  /// Index of a routed expert, or shared.
  public static let expert = Columns.expert
  /// Which singular direction, counted from 1.
  public static let direction = Column<Int>("direction", "which singular direction, counted from 1")
  /// |cosine| of the router row and the direction.
  public static let absCosine = Column<Double>.share(
    "abs_cosine", "|cosine| of the router row and the direction")
  /// Expected |cosine| of a random direction.
  public static let floorAbsCosine = Column<Double>.share(
    "floor_abs_cosine", "expected |cosine| of a random direction")

  /// The table.
  public static let table = TableDefinition(
    name: "router_alignment",
    columns: [layer, projection, expert, direction, absCosine, floorAbsCosine])
}

/// Share of a router row that lies in an expert's leading subspace (analysis 4).
public enum RouterScore: UnitColumns {
  /// The expert whose router row it is.
  public static let routerRow = Column<Int>("router_row", "the expert whose router row it is")
  /// The expert whose subspace it is.
  public static let expert = Column<Int>("expert", "the expert whose subspace it is")
  /// Squared norm of the projected unit row, 0 to 1.
  public static let score = Column<Double>.share(
    "score", "squared norm of the projected unit row, 0 to 1")
  /// Expected score of a random row: k/d.
  public static let floorScore = Column<Double>.share(
    "floor_score", "expected score of a random row: k/d")

  /// The table.
  public static let table = TableDefinition(
    name: "router_score",
    columns: [layer, projection, routerRow, expert, score, floorScore])
}

/// Matched against mismatched router scores, one row for each layer and projection (analysis 4).
public enum RouterSummary: UnitColumns {
  /// The number of leading directions.
  public static let k = Columns.k
  /// Mean score of a row and its own expert.
  public static let matched = Column<Double>.share(
    "matched", "mean score of a row and its own expert")
  /// Mean score of a row and the other experts.
  public static let mismatched = Column<Double>.share(
    "mismatched", "mean score of a row and the other experts")
  /// Matched over mismatched.
  public static let specificity = Column<Double>("specificity", "matched over mismatched")
  /// Expected score of a random row: k/d.
  public static let floor = Column<Double>.share(
    "floor", "expected score of a random row: k/d")
  /// Standard deviation of matched, were all rows random.
  public static let floorSD = Column<Double>(
    "floor_sd", "standard deviation of matched, were all rows random")

  /// The table.
  public static let table = TableDefinition(
    name: "router_summary",
    columns: [layer, projection, k, matched, mismatched, specificity, floor, floorSD])
}

extension TableDefinition {
  /// Cosine between a router row and its own expert's leading directions (analysis 4).
  public static var routerAlignment: TableDefinition { RouterAlignment.table }

  /// Share of a router row that lies in an expert's leading subspace (analysis 4).
  public static var routerScore: TableDefinition { RouterScore.table }

  /// Matched against mismatched router scores, one row for each layer and projection (analysis 4).
  public static var routerSummary: TableDefinition { RouterSummary.table }
}
