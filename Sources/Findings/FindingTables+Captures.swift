/// The tables of Method.md's analyses of activations.
extension TableDefinition {
  /// Cosine between a router row and the leading directions of the MoE input (analysis 5).
  public static let routerData = TableDefinition(
    name: "router_data",
    columns: [
      .layer, .expert,
      TableColumn("direction", .integer, "which singular direction of the input, from 1"),
      .share("abs_cosine", "|cosine| of the router row and the direction"),
      .share("floor_abs_cosine", "expected |cosine| of a random direction"),
    ])

  /// The leading singular values of the MoE input (analysis 5).
  public static let dataSpectrum = TableDefinition(
    name: "data_spectrum",
    columns: [
      .layer,
      TableColumn("index", .integer, "which singular value, largest first, counted from 1"),
      TableColumn("sigma", .number, "the singular value, in the input's own unit"),
      .share("energy", "its share of the input's squared Frobenius norm"),
    ])

  /// How often each of an expert's directions is active (analysis 6).
  public static let activationRatio = TableDefinition(
    name: "activation_ratio",
    columns: [
      .layer, .projection, .expert,
      TableColumn("direction", .integer, "which singular direction, counted from 1"),
      .share("ratio", "share of tokens beyond the threshold, 0 to 1"),
      TableColumn("tokens", .integer, "the number of tokens looked at"),
      .share("floor_ratio", "the ratio of an isotropic direction"),
    ])

  /// Activation ratios of the top and the other directions, over all experts (analysis 6).
  public static let activationSummary = TableDefinition(
    name: "activation_summary",
    columns: [
      .layer, .projection, .k,
      .share("top_ratio", "mean ratio of the top k directions"),
      .share("tail_ratio", "mean ratio of all other directions"),
      .share("first_ratio", "mean ratio of the first direction"),
      .share("floor_ratio", "the ratio of an isotropic direction"),
    ])

  /// Change of the projected input when the order of the tokens changes (analysis 7).
  public static let shuffle = TableDefinition(
    name: "shuffle",
    columns: [
      .layer, .projection, .expert, .k,
      TableColumn("top_relative", .number, "mean norm of the change over that of the input, top k"),
      TableColumn("tail_relative", .number, "the same in the complement of the top k"),
      TableColumn("top_per_direction", .number, "root mean squared change per direction, top k"),
      TableColumn("tail_per_direction", .number, "the same in the complement of the top k"),
    ])

  /// Similarity of the leading subspaces of two sequences, one row for each pair (analysis 8).
  public static let dataAlignment = TableDefinition(
    name: "data_alignment",
    columns: [
      .layer,
      TableColumn("sequence_a", .integer, "the first sequence of the pair, counted from 0"),
      TableColumn("sequence_b", .integer, "the second sequence of the pair"),
      TableColumn("k", .integer, "the number of leading directions, the smaller one of the two"),
    ] + similarityMeasures)

  /// How many tokens each expert was given (analysis 9).
  public static let routing = TableDefinition(
    name: "routing",
    columns: [
      .layer, .expert,
      .share("load", "share of all token-expert assignments"),
      TableColumn("tokens", .integer, "the number of tokens routed to the expert"),
      .share("uniform_load", "the load were all experts used alike: 1/N"),
    ])

  /// How evenly a layer's experts are used (analysis 9).
  public static let routingSummary = TableDefinition(
    name: "routing_summary",
    columns: [
      .layer,
      TableColumn("tokens", .integer, "the number of tokens"),
      TableColumn("experts_per_token", .integer, "how many experts each token is given"),
      .share("load_entropy", "-sum load ln load / ln N: 1 is even, 0 one expert"),
      .share("least_load", "the smallest load"),
      .share("most_load", "the largest load"),
    ])

  /// How often two experts are chosen for the same token, one row for each pair (analysis 9).
  public static let coactivation = TableDefinition(
    name: "coactivation",
    columns: [
      .layer,
      TableColumn("expert_a", .text, "the first expert of the pair"),
      TableColumn("expert_b", .text, "the second expert of the pair"),
      .share("share", "share of tokens that chose both"),
      .share("floor_share", "the share were experts chosen at random, all alike"),
    ])
}
