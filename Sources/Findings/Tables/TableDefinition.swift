/// The name and the columns of a table that an analysis yields.
public struct TableDefinition: Sendable, Hashable {
  /// The name of the table, which is also its file's name without the ending.
  public let name: String

  /// The columns, in the order of the file.
  public let columns: [TableColumn]

  /// Whether the table was measured on gradients, and not on the weights.
  public let isOfGradients: Bool

  /// Describes a table.
  public init(name: String, columns: [any TypedColumn]) {
    self.init(name: name, columns: columns.map(\.erased), isOfGradients: false)
  }

  private init(name: String, columns: [TableColumn], isOfGradients: Bool) {
    self.name = name
    self.columns = columns
    self.isOfGradients = isOfGradients
  }

  /// The same table, measured on gradients (analysis 10).
  ///
  /// Its name has the prefix `gradient_`. The table of energies also tells how many tokens each
  /// expert saw, where that is known.
  public var ofGradients: TableDefinition {
    TableDefinition(
      name: "gradient_\(name)",
      columns: columns + (name == Energy.table.name ? [Energy.tokens.erased] : []),
      isOfGradients: true)
  }

  /// Whether the table has that column.
  public func contains(_ column: some TypedColumn) -> Bool {
    columns.contains { $0.name == column.erased.name }
  }

  /// The place of the column with that name.
  ///
  /// - Precondition: The table has such a column.
  func index(of column: String) -> Int {
    guard let index = columns.firstIndex(where: { $0.name == column }) else {
      preconditionFailure("the table '\(name)' has no column '\(column)'")
    }
    return index
  }
}
