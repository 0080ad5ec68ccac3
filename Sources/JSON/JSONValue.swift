/// A JSON value, with integers kept apart from other numbers.
public enum JSONValue: Sendable, Hashable {
  case null
  case bool(Bool)
  /// A number without fraction and exponent that fits 64 bits.
  case integer(Int)
  /// Any other number; also `1.0` and `1e3`.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// Parses a JSON text, as strictly as RFC 8259 allows.
  ///
  /// Keys that Swift's `String` holds equal, such as two spellings of the same accented letter,
  /// count as one.
  ///
  /// ```swift
  /// try JSONValue.parse(Array(#"{"top_k": 4}"#.utf8))["top_k"]?.integerValue  // 4
  /// ```
  ///
  /// - Parameters:
  ///   - bytes: The whole text, in UTF-8 and without a byte order mark.
  ///   - allowsNonFiniteNumbers: Whether `NaN`, `Infinity` and `-Infinity` are numbers, as Python
  ///     writes them.
  /// - Returns: The only value of the text.
  /// - Throws: ``JSONError`` at the first byte that breaks the grammar; also for a key that stands
  ///   twice in an object, half a surrogate pair, a number beyond `Double`, and more than 128
  ///   nested arrays and objects.
  /// - Complexity: O(n) time and memory for n bytes.
  ///
  /// Source: RFC 8259, "The JavaScript Object Notation (JSON) Data Interchange Format".
  public static func parse(
    _ bytes: [UInt8], allowsNonFiniteNumbers: Bool = false
  ) throws(JSONError) -> JSONValue {
    var scanner = JSONScanner(bytes, allowsNonFiniteNumbers: allowsNonFiniteNumbers)
    let value = try scanner.readValue()
    try scanner.finish()
    return value
  }

  /// The member of that name; `nil` when there is none or this is no object.
  public subscript(key: String) -> JSONValue? { objectValue?[key] }

  /// Whether this is `null`.
  public var isNull: Bool { self == .null }

  /// The truth value, when this is one.
  public var boolValue: Bool? {
    guard case .bool(let value) = self else { return nil }
    return value
  }

  /// The integer, when this is one; `nil` for `1.0`.
  public var integerValue: Int? {
    guard case .integer(let value) = self else { return nil }
    return value
  }

  /// The number, whether it was spelled as an integer or not.
  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The text, when this is a string.
  public var stringValue: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  /// The elements, when this is an array.
  public var arrayValue: [JSONValue]? {
    guard case .array(let value) = self else { return nil }
    return value
  }

  /// The members by name, when this is an object.
  public var objectValue: [String: JSONValue]? {
    guard case .object(let value) = self else { return nil }
    return value
  }
}
