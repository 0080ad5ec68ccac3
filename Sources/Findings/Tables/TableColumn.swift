/// One column of a table: its name, what kind of values it holds, and what they mean.
///
/// It is what a ``Column`` is to a table, whatever the type of its values.
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

  /// The words that the column can hold; nil where it may hold any.
  public let words: [String]?

  /// Describes a column.
  public init(
    _ name: String, _ kind: Kind, _ meaning: String, bounds: ClosedRange<Double>? = nil,
    words: [String]? = nil
  ) {
    self.name = name
    self.kind = kind
    self.meaning = meaning
    self.bounds = bounds
    self.words = words
  }
}
