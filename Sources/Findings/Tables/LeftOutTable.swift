public import Experts

/// Experts that were left out of every other table, and why; written where there are any.
public enum LeftOutParts: LayerColumns {
  /// The projection; none where a layer's router or input was left out.
  public static let projection = Column<Projection?>(
    "projection", "gate_proj, up_proj or down_proj")
  /// Index of a routed expert, shared, or router.
  public static let expert = Column<String>("expert", "index of a routed expert, shared, or router")
  /// What was wrong with the expert's tensor.
  public static let reason = Column<String>("reason", "what was wrong with the expert's tensor")

  /// The table.
  public static let table = TableDefinition(
    name: "left_out",
    columns: [layer, projection, expert, reason])
}

extension TableDefinition {
  /// Experts that were left out of every other table, and why; written where there are any.
  public static var leftOut: TableDefinition { LeftOutParts.table }
}
