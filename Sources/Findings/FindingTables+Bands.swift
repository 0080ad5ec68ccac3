/// The tables of the band profile, and of the order and groups of experts.
extension TableDefinition {
  /// Energy and similarity of each band of k directions, over the routed experts (analysis 3).
  public static let bands = TableDefinition(
    name: "bands",
    columns: [
      .layer, .projection,
      TableColumn("band", .integer, "consecutive directions, the leading ones first, from 0"),
      TableColumn("k", .integer, "the number of directions in the band"),
      TableColumn("mean_cosine", .number, "mean similarity of this band of two routed experts"),
      TableColumn("energy", .number, "mean share of an expert's energy in the band"),
      TableColumn("floor_mean_cosine", .number, "expected mean_cosine of random subspaces"),
    ])

  /// The first band beside the tail, one row for each layer and projection (analysis 3).
  public static let bandSummary = TableDefinition(
    name: "band_summary",
    columns: [
      .layer, .projection, .k,
      TableColumn("tail_bands", .integer, "the number of bands but the first"),
      TableColumn("top_mean_cosine", .number, "mean_cosine of the first band"),
      TableColumn("tail_mean_cosine", .number, "plain mean over all bands but the first"),
      TableColumn("floor_top", .number, "expected mean_cosine of random subspaces, first band"),
      TableColumn("floor_tail", .number, "its plain mean over all bands but the first"),
      TableColumn("top_energy", .number, "mean share of an expert's energy in the first band"),
    ])

  /// Similarity of two routed experts in the tail, one row for each pair a < b (analysis 3).
  public static let tailSimilarity = TableDefinition(
    name: "tail_similarity",
    columns: [
      .layer, .projection,
      TableColumn("expert_a", .text, "the first expert of the pair"),
      TableColumn("expert_b", .text, "the second expert of the pair"),
      TableColumn("tail_bands", .integer, "the number of bands but the first"),
      TableColumn("mean_cosine", .number, "plain mean over all bands but the first"),
      TableColumn("floor_mean_cosine", .number, "expected mean_cosine of random subspaces"),
    ])

  /// The routed experts in the order of a hierarchical clustering, and the groups of alike ones.
  public static let groups = TableDefinition(
    name: "groups",
    columns: [
      .layer, .projection,
      TableColumn("group", .integer, "which group, counted from 0 in the order of the clustering"),
      .expert,
      TableColumn("order", .integer, "place in the order of the clustering, from 0"),
      TableColumn("size", .integer, "the number of experts in the group"),
      TableColumn("group_mean_cosine", .number, "mean over the group's pairs; empty for one alone"),
      TableColumn("nearest", .text, "the expert that is most alike"),
      TableColumn("nearest_mean_cosine", .number, "the similarity to that expert"),
      TableColumn("nearest_excess", .number, "(nearest_mean_cosine - floor) / (1 - floor)"),
    ])

  /// The most alike pairs of routed experts of each layer and projection.
  public static let redundantPairs = TableDefinition(
    name: "redundant_pairs",
    columns: [
      .layer, .projection,
      TableColumn("rank", .integer, "the most alike pair first, counted from 1"),
      TableColumn("expert_a", .text, "the first expert of the pair"),
      TableColumn("expert_b", .text, "the second expert of the pair"),
      TableColumn("mean_cosine", .number, "similarity on the hidden side"),
      TableColumn("floor_mean_cosine", .number, "expected mean_cosine of random subspaces"),
      TableColumn("excess", .number, "(mean_cosine - floor) / (1 - floor)"),
    ])
}
