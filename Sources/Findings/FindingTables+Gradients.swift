/// The tables of Method.md's analysis of gradients: those of the weights, measured on dLoss/dW.
extension TableDefinition {
  /// The same table, measured on gradients (analysis 10).
  ///
  /// Its name has the prefix `gradient_`. The table of energies also tells how many tokens each
  /// expert saw, where that is known.
  public var ofGradients: TableDefinition {
    TableDefinition(
      name: "gradient_\(name)", columns: columns + (name == Self.energy.name ? [Self.tokens] : []))
  }

  private static let tokens = TableColumn(
    "tokens", .number, "tokens of the captures routed to the expert; empty where not known")
}
