/// The tables that compare two runs, the first one called A and the second one B.
extension TableDefinition {
  /// What of each layer and projection changed from A to B.
  public static let layerChanges = TableDefinition(
    name: "layer_changes",
    columns: [
      .layer, .projection,
      TableColumn(
        "measure", .text,
        "similarity, gradient_similarity: mean over pairs, hidden side; energy, gradient_energy: mean energy_top of routed experts; router_score: mean score of a row and its own expert"
      ),
    ] + sidesOfChange)

  /// How the similarity of two experts on the hidden side changed, one row for each pair a < b.
  public static let similarityChanges = TableDefinition(
    name: "similarity_changes",
    columns: [
      .layer, .projection,
      TableColumn("expert_a", .text, "the first expert of the pair"),
      TableColumn("expert_b", .text, "the second expert of the pair"),
    ] + sidesOfChange)

  /// The pairs whose similarity changed most, over all layers and projections.
  public static let largestChanges = TableDefinition(
    name: "largest_changes",
    columns: [
      TableColumn("rank", .integer, "the largest change first, counted from 1"),
      TableColumn("measure", .text, "similarity or gradient_similarity"),
    ] + similarityChanges.columns)

  private static let sidesOfChange = [
    TableColumn("a", .number, "the value in run A; empty where it has none"),
    TableColumn("floor_a", .number, "what chance alone would show; empty where it is not known"),
    TableColumn("b", .number, "the value in run B"),
    TableColumn("floor_b", .number, "what chance alone would show"),
    TableColumn("change", .number, "B less A, of what `compared` names; empty without both"),
    TableColumn(
      "compared", .text, "value, or excess: (value - floor) / (1 - floor), where floors differ"),
  ]
}
