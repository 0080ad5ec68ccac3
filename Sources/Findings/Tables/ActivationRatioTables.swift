public import Experts

/// How often each of an expert's directions is active (analysis 6).
public enum ActivationRatio: UnitColumns {
  /// Index of a routed expert, or shared.
  public static let expert = Columns.expert
  /// Which singular direction, counted from 1.
  public static let direction = RouterAlignment.direction
  /// Share of tokens beyond the threshold, 0 to 1.
  public static let ratio = Column<Double>.share(
    "ratio", "share of tokens beyond the threshold, 0 to 1")
  /// The number of tokens looked at.
  public static let tokens = Column<Int>("tokens", "the number of tokens looked at")
  /// The ratio of an isotropic direction.
  public static let floorRatio = Column<Double>.share(
    "floor_ratio", "the ratio of an isotropic direction")

  /// The table.
  public static let table = TableDefinition(
    name: "activation_ratio",
    columns: [layer, projection, expert, direction, ratio, tokens, floorRatio])
}

/// Activation ratios of the top and the other directions, over all experts (analysis 6).
public enum ActivationSummary: UnitColumns {
  /// The number of leading directions.
  public static let k = Columns.k
  /// Mean ratio of the top k directions.
  public static let topRatio = Column<Double>.share(
    "top_ratio", "mean ratio of the top k directions")
  /// Mean ratio of all other directions.
  public static let tailRatio = Column<Double>.share(
    "tail_ratio", "mean ratio of all other directions")
  /// Mean ratio of the first direction.
  public static let firstRatio = Column<Double>.share(
    "first_ratio", "mean ratio of the first direction")
  /// The ratio of an isotropic direction.
  public static let floorRatio = ActivationRatio.floorRatio

  /// The table.
  public static let table = TableDefinition(
    name: "activation_summary",
    columns: [layer, projection, k, topRatio, tailRatio, firstRatio, floorRatio])
}

extension TableDefinition {
  /// How often each of an expert's directions is active (analysis 6).
  public static var activationRatio: TableDefinition { ActivationRatio.table }

  /// Activation ratios of the top and the other directions, over all experts (analysis 6).
  public static var activationSummary: TableDefinition { ActivationSummary.table }
}

extension RunOption<Bool> {
  /// Whether the activation ratio of an expert uses the tokens routed to it alone.
  public static let routedOnly = RunOption("routed-only")
}
