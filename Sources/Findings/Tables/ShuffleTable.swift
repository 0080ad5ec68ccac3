public import Experts

/// Change of the projected input when the order of the tokens changes (analysis 7).
public enum Shuffle: UnitColumns {
  /// Index of a routed expert, or shared.
  public static let expert = Columns.expert
  /// The number of leading directions.
  public static let k = Columns.k
  /// Mean norm of the change over that of the input, top k.
  public static let topRelative = Column<Double>(
    "top_relative", "mean norm of the change over that of the input, top k")
  /// The same in the complement of the top k.
  public static let tailRelative = Column<Double>(
    "tail_relative", "the same in the complement of the top k")
  /// Root mean squared change per direction, top k.
  public static let topPerDirection = Column<Double>(
    "top_per_direction", "root mean squared change per direction, top k")
  /// The same in the complement of the top k.
  public static let tailPerDirection = Column<Double>(
    "tail_per_direction", "the same in the complement of the top k")

  /// The table.
  public static let table = TableDefinition(
    name: "shuffle",
    columns: [
      layer, projection, expert, k, topRelative, tailRelative, topPerDirection, tailPerDirection,
    ])
}

extension TableDefinition {
  /// Change of the projected input when the order of the tokens changes (analysis 7).
  public static var shuffle: TableDefinition { Shuffle.table }
}
