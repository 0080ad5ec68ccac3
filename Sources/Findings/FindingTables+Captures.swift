/// The tables of Method.md's analyses of activations.
extension TableDefinition {
  /// Cosine between a router row and the leading directions of the MoE input (analysis 5).
  public static let routerData = TableDefinition(
    name: "router_data",
    columns: [
      .layer, .expert,
      TableColumn("direction", .integer, "which singular direction of the input, from 1"),
      TableColumn("abs_cosine", .number, "|cosine| of the router row and the direction"),
      TableColumn("floor_abs_cosine", .number, "expected |cosine| of a random direction"),
    ])

  /// The leading singular values of the MoE input (analysis 5).
  public static let dataSpectrum = TableDefinition(
    name: "data_spectrum",
    columns: [
      .layer,
      TableColumn("index", .integer, "which singular value, largest first, counted from 1"),
      TableColumn("sigma", .number, "the singular value, in the input's own unit"),
      TableColumn("energy", .number, "its share of the input's squared Frobenius norm"),
    ])

  /// How often each of an expert's directions is active (analysis 6).
  public static let activationRatio = TableDefinition(
    name: "activation_ratio",
    columns: [
      .layer, .projection, .expert,
      TableColumn("direction", .integer, "which singular direction, counted from 1"),
      TableColumn("ratio", .number, "share of tokens beyond the threshold, 0 to 1"),
      TableColumn("tokens", .integer, "the number of tokens looked at"),
      TableColumn("floor_ratio", .number, "the ratio of an isotropic direction"),
    ])

  /// Activation ratios of the top and the other directions, over all experts (analysis 6).
  public static let activationSummary = TableDefinition(
    name: "activation_summary",
    columns: [
      .layer, .projection, .k,
      TableColumn("top_ratio", .number, "mean ratio of the top k directions"),
      TableColumn("tail_ratio", .number, "mean ratio of all other directions"),
      TableColumn("first_ratio", .number, "mean ratio of the first direction"),
      TableColumn("floor_ratio", .number, "the ratio of an isotropic direction"),
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
      TableColumn("load", .number, "share of all token-expert assignments"),
      TableColumn("tokens", .integer, "the number of tokens routed to the expert"),
      TableColumn("uniform_load", .number, "the load were all experts used alike: 1/N"),
    ])

  /// How evenly a layer's experts are used (analysis 9).
  public static let routingSummary = TableDefinition(
    name: "routing_summary",
    columns: [
      .layer,
      TableColumn("tokens", .integer, "the number of tokens"),
      TableColumn("experts_per_token", .integer, "how many experts each token is given"),
      TableColumn("load_entropy", .number, "-sum load ln load / ln N: 1 is even, 0 one expert"),
      TableColumn("least_load", .number, "the smallest load"),
      TableColumn("most_load", .number, "the largest load"),
    ])

  /// How often two experts are chosen for the same token, one row for each pair (analysis 9).
  public static let coactivation = TableDefinition(
    name: "coactivation",
    columns: [
      .layer,
      TableColumn("expert_a", .text, "the first expert of the pair"),
      TableColumn("expert_b", .text, "the second expert of the pair"),
      TableColumn("share", .number, "share of tokens that chose both"),
      TableColumn("floor_share", .number, "the share were experts chosen at random, all alike"),
    ])
}
