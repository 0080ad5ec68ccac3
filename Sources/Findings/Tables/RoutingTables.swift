public import Experts

/// How many tokens each expert was given (analysis 9).
public enum Routing: LayerColumns {
  /// Index of a routed expert, or shared.
  public static let expert = Columns.expert
  /// Share of all token-expert assignments.
  public static let load = Column<Double>.share(
    "load", "share of all token-expert assignments")
  /// The number of tokens routed to the expert.
  public static let tokens = Column<Int>("tokens", "the number of tokens routed to the expert")
  /// The load were all experts used alike: 1/N.
  public static let uniformLoad = Column<Double>.share(
    "uniform_load", "the load were all experts used alike: 1/N")

  /// The table.
  public static let table = TableDefinition(
    name: "routing",
    columns: [layer, expert, load, tokens, uniformLoad])
}

/// How evenly a layer's experts are used (analysis 9).
public enum RoutingSummary: LayerColumns {
  /// The number of tokens.
  public static let tokens = Column<Int>("tokens", "the number of tokens")
  /// How many experts each token is given.
  public static let expertsPerToken = Column<Int>(
    "experts_per_token", "how many experts each token is given")
  /// -sum load ln load / ln N: 1 is even, 0 one expert.
  public static let loadEntropy = Column<Double>.share(
    "load_entropy", "-sum load ln load / ln N: 1 is even, 0 one expert")
  /// The smallest load.
  public static let leastLoad = Column<Double>.share(
    "least_load", "the smallest load")
  /// The largest load.
  public static let mostLoad = Column<Double>.share(
    "most_load", "the largest load")

  /// The table.
  public static let table = TableDefinition(
    name: "routing_summary",
    columns: [layer, tokens, expertsPerToken, loadEntropy, leastLoad, mostLoad])
}

/// How often two experts are chosen for the same token, one row for each pair (analysis 9).
public enum Coactivation: LayerColumns, PairColumns {
  /// Share of tokens that chose both.
  public static let share = Column<Double>.share(
    "share", "share of tokens that chose both")
  /// The share were experts chosen at random, all alike.
  public static let floorShare = Column<Double>.share(
    "floor_share", "the share were experts chosen at random, all alike")

  /// The table.
  public static let table = TableDefinition(
    name: "coactivation",
    columns: [layer, expertA, expertB, share, floorShare])
}

extension TableDefinition {
  /// How many tokens each expert was given (analysis 9).
  public static var routing: TableDefinition { Routing.table }

  /// How evenly a layer's experts are used (analysis 9).
  public static var routingSummary: TableDefinition { RoutingSummary.table }

  /// How often two experts are chosen for the same token, one row for each pair (analysis 9).
  public static var coactivation: TableDefinition { Coactivation.table }
}
