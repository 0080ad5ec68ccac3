public import Experts

/// What can stand in a column: a whole number, a real one, or a word.
public protocol ColumnValue: Sendable {
  /// What kind of values a table keeps them as.
  static var kind: TableColumn.Kind { get }

  /// The words that there are; nil where there may be any.
  static var words: [String]? { get }
}

/// What a table spells as a word.
public protocol ColumnWord: ColumnValue {
  /// The word as tables spell it.
  var word: String { get }

  /// Reads a word; nil for one that the type does not know.
  init?(word: String)
}

extension ColumnValue {
  /// Nothing limits the words of most types.
  public static var words: [String]? { nil }
}

extension ColumnWord {
  /// Words are kept as texts.
  public static var kind: TableColumn.Kind { .text }
}

extension ColumnWord where Self: RawRepresentable, RawValue == String {
  /// The raw value.
  public var word: String { rawValue }

  /// Reads a raw value.
  public init?(word: String) { self.init(rawValue: word) }
}

extension ColumnWord where Self: RawRepresentable & CaseIterable, RawValue == String {
  /// The raw values of all cases.
  public static var words: [String]? { allCases.map(\.rawValue) }
}

extension Int: ColumnValue {
  /// Whole numbers.
  public static var kind: TableColumn.Kind { .integer }
}

extension Double: ColumnValue {
  /// Real numbers.
  public static var kind: TableColumn.Kind { .number }
}

extension String: ColumnWord {
  /// The text itself.
  public var word: String { self }

  /// Takes any text.
  public init?(word: String) { self = word }
}

extension ExpertName: ColumnWord {
  /// The name as tables spell it.
  public var word: String { text }

  /// Reads a name.
  public init?(word: String) { self.init(word) }
}

extension Projection: ColumnWord {}

extension Side: ColumnWord {}

/// A word that may be missing: then the field is empty.
extension Optional: ColumnValue where Wrapped: ColumnWord {
  /// Words are kept as texts.
  public static var kind: TableColumn.Kind { .text }

  /// The words of the type, and none.
  public static var words: [String]? { Wrapped.words.map { $0 + [""] } }
}

extension Optional: ColumnWord where Wrapped: ColumnWord {
  /// The word, or nothing.
  public var word: String { self?.word ?? "" }

  /// Reads a word, or nothing.
  public init?(word: String) {
    if word.isEmpty {
      self = Self.none
    } else if let known = Wrapped(word: word) {
      self = known
    } else {
      return nil
    }
  }
}
