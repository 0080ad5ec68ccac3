/// The tables of Method.md's analyses 1, 2 and 4 of parameters, with the meaning of every column.
///
/// Layers and experts count from 0, directions and indices from 1. A shared expert is called
/// `shared`, or `shared0`, `shared1`... where a layer has several separate ones. Rows are sorted by
/// the leading columns, in their order.
extension TableDefinition {
  /// Similarity of the leading subspaces of two experts, one row for each pair a < b (analysis 2).
  public static let similarity = TableDefinition(
    name: "similarity",
    columns: [
      .layer, .projection, .side,
      TableColumn("expert_a", .text, "the first expert of the pair"),
      TableColumn("expert_b", .text, "the second expert of the pair"),
      .k,
    ] + similarityMeasures)

  /// What stands beside every pair of subspaces.
  static let similarityMeasures = [
    .share("mean_cosine", "mean cosine of the principal angles, 0 to 1"),
    .share("overlap", "mean squared cosine of the principal angles, 0 to 1"),
    .share("max_cosine", "cosine of the smallest principal angle"),
    .share("min_cosine", "cosine of the largest principal angle"),
    TableColumn("geodesic", .number, "root of the sum of squared principal angles, radians"),
    .share("floor_mean_cosine", "expected mean_cosine of random subspaces"),
  ]

  /// Energy of the leading directions, one row for each expert (analysis 1).
  public static let energy = TableDefinition(
    name: "energy",
    columns: [
      .layer, .projection, .expert, .k,
      .share("energy_top", "share of the squared Frobenius norm in the top k"),
      TableColumn("stable_rank", .number, "squared Frobenius norm over squared largest value"),
      TableColumn(
        "effective_rank", .number, "entropy effective rank; empty where not all values are known"),
      TableColumn("gap", .number, "sigma_k over sigma_(k+1); inf where that is zero or missing"),
      TableColumn("flag", .text, "ill-separated where the gap is under 1.001"),
    ])

  /// The singular values, the leading ones or all of them (analysis 1).
  public static let spectrum = TableDefinition(
    name: "spectrum",
    columns: [
      .layer, .projection, .expert,
      TableColumn("index", .integer, "which singular value, largest first, counted from 1"),
      TableColumn("sigma", .number, "the singular value, in the weight's own unit"),
    ])

  /// Similarity over all pairs of routed experts of a layer, projection and side (analysis 2).
  public static let summary = TableDefinition(
    name: "summary",
    columns: [
      .layer, .projection, .side,
      TableColumn("pairs", .integer, "the number of pairs of routed experts"),
      .share("mean", "mean of mean_cosine over the pairs"),
      .share("min", "smallest mean_cosine"),
      .share("q1", "lower quartile, linear interpolation"),
      .share("median", "median"),
      .share("q3", "upper quartile"),
      .share("max", "largest mean_cosine"),
      .share("floor", "expected mean_cosine of random subspaces"),
      TableColumn("excess", .number, "(mean - floor) / (1 - floor)"),
    ])

  /// What independent random subspaces would show, by Monte Carlo with a fixed seed (Method.md
  /// section 2).
  public static let floors = TableDefinition(
    name: "floors",
    columns: [
      TableColumn("n", .integer, "dimension of the space"),
      .k,
      TableColumn("measure", .text, "the column of the similarity table"),
      TableColumn("mean", .number, "mean over random pairs; k/n exactly for the overlap"),
      TableColumn("sd", .number, "standard deviation over random pairs"),
      TableColumn("p95", .number, "95th percentile over random pairs"),
    ])

  /// Cosine between a router row and its own expert's leading directions (analysis 4).
  public static let routerAlignment = TableDefinition(
    name: "router_alignment",
    columns: [
      .layer, .projection, .expert,
      TableColumn("direction", .integer, "which singular direction, counted from 1"),
      .share("abs_cosine", "|cosine| of the router row and the direction"),
      .share("floor_abs_cosine", "expected |cosine| of a random direction"),
    ])

  /// Share of a router row that lies in an expert's leading subspace (analysis 4).
  public static let routerScore = TableDefinition(
    name: "router_score",
    columns: [
      .layer, .projection,
      TableColumn("router_row", .integer, "the expert whose router row it is"),
      TableColumn("expert", .integer, "the expert whose subspace it is"),
      .share("score", "squared norm of the projected unit row, 0 to 1"),
      .share("floor_score", "expected score of a random row: k/d"),
    ])

  /// Matched against mismatched router scores, one row for each layer and projection (analysis 4).
  public static let routerSummary = TableDefinition(
    name: "router_summary",
    columns: [
      .layer, .projection, .k,
      .share("matched", "mean score of a row and its own expert"),
      .share("mismatched", "mean score of a row and the other experts"),
      TableColumn("specificity", .number, "matched over mismatched"),
      .share("floor", "expected score of a random row: k/d"),
      TableColumn("floor_sd", .number, "standard deviation of matched, were all rows random"),
    ])

  /// Experts that were left out of every other table, and why; written where there are any.
  public static let leftOut = TableDefinition(
    name: "left_out",
    columns: [
      .layer, .projection,
      TableColumn("expert", .text, "index of a routed expert, shared, or router"),
      TableColumn("reason", .text, "what was wrong with the expert's tensor"),
    ])
}

extension TableColumn {
  static let layer = TableColumn("layer", .integer, "decoder layer, counted from 0")
  static let projection = TableColumn("projection", .text, "gate_proj, up_proj or down_proj")
  static let side = TableColumn(
    "side", .text, "hidden: in the residual stream; neuron: the expert's own neurons")
  static let expert = TableColumn("expert", .text, "index of a routed expert, or shared")
  static let k = TableColumn("k", .integer, "the number of leading directions")
}
