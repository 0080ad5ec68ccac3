/// One column of a table: its name, what kind of values it holds, and what they mean.
public struct TableColumn: Sendable, Hashable {
  /// The kinds of value that a column can hold.
  public enum Kind: Sendable, Hashable {
    /// Whole numbers: layers, counts and ranks.
    case integer
    /// Real numbers; a value that was not measured is NaN in memory and an empty field in a file.
    case number
    /// Words, and names such as an expert's, which is an index or `shared`.
    case text
  }

  /// The name in the first line of the CSV file.
  public let name: String

  /// What the column holds.
  public let kind: Kind

  /// What a value means, with its unit where it has one.
  public let meaning: String

  /// Between what the numbers lie, with room for rounding; nil where they may be any.
  public let bounds: ClosedRange<Double>?

  /// Describes a column.
  public init(
    _ name: String, _ kind: Kind, _ meaning: String, bounds: ClosedRange<Double>? = nil
  ) {
    self.name = name
    self.kind = kind
    self.meaning = meaning
    self.bounds = bounds
  }

  /// Describes a column of numbers from 0 to 1.
  static func share(_ name: String, _ meaning: String) -> TableColumn {
    TableColumn(name, .number, meaning, bounds: 0...1.000_001)
  }
}

/// The name and the columns of a table that an analysis yields.
public struct TableDefinition: Sendable, Hashable {
  /// The name of the table, which is also its file's name without the ending.
  public let name: String

  /// The columns, in the order of the file.
  public let columns: [TableColumn]

  /// Describes a table.
  public init(name: String, columns: [TableColumn]) {
    self.name = name
    self.columns = columns
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
