/// The tables of the band profile, and of the order and groups of experts.
extension TableDefinition {
  /// Energy and similarity of each band of k directions, over the routed experts (analysis 3).
  public static let bands = TableDefinition(
    name: "bands",
    columns: [
      .layer, .projection,
      TableColumn("band", .integer, "consecutive directions, the leading ones first, from 0"),
      TableColumn("k", .integer, "the number of directions in the band"),
      .share("mean_cosine", "mean similarity of this band of two routed experts"),
      .share("energy", "mean share of an expert's energy in the band"),
      .share("floor_mean_cosine", "expected mean_cosine of random subspaces"),
    ])

  /// The first band beside the tail, one row for each layer and projection (analysis 3).
  public static let bandSummary = TableDefinition(
    name: "band_summary",
    columns: [
      .layer, .projection, .k,
      TableColumn("tail_bands", .integer, "the number of bands but the first"),
      .share("top_mean_cosine", "mean_cosine of the first band"),
      .share("tail_mean_cosine", "plain mean over all bands but the first"),
      .share("floor_top", "expected mean_cosine of random subspaces, first band"),
      .share("floor_tail", "its plain mean over all bands but the first"),
      .share("top_energy", "mean share of an expert's energy in the first band"),
    ])

  /// Similarity of two routed experts in the tail, one row for each pair a < b (analysis 3).
  public static let tailSimilarity = TableDefinition(
    name: "tail_similarity",
    columns: [
      .layer, .projection,
      TableColumn("expert_a", .text, "the first expert of the pair"),
      TableColumn("expert_b", .text, "the second expert of the pair"),
      TableColumn("tail_bands", .integer, "the number of bands but the first"),
      .share("mean_cosine", "plain mean over all bands but the first"),
      .share("floor_mean_cosine", "expected mean_cosine of random subspaces"),
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
      .share("group_mean_cosine", "mean over the group's pairs; empty for one alone"),
      TableColumn("nearest", .text, "the expert that is most alike"),
      .share("nearest_mean_cosine", "the similarity to that expert"),
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
      .share("mean_cosine", "similarity on the hidden side"),
      .share("floor_mean_cosine", "expected mean_cosine of random subspaces"),
      TableColumn("excess", .number, "(mean_cosine - floor) / (1 - floor)"),
    ])
}
