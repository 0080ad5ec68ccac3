/// A JSON value as the text that stands for it, written as Swift literals.
///
/// What Swift has no literal for, such as `Infinity`, is given with ``init(verbatim:)``.
public struct JSONText: Sendable, Hashable {
  /// The JSON text.
  public let text: String

  /// Takes a text as it is, be it sound JSON or not.
  public init(verbatim text: String) {
    self.text = text
  }
}

extension JSONText: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByStringLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  /// A whole number.
  public init(integerLiteral value: Int) { text = "\(value)" }
  /// A number, such as 1.5.
  public init(floatLiteral value: Double) { text = "\(value)" }
  /// `true` or `false`.
  public init(booleanLiteral value: Bool) { text = "\(value)" }
  /// `null`.
  public init(nilLiteral: ()) { text = "null" }
  /// A string without anything that has to be escaped.
  public init(stringLiteral value: String) { text = "\"\(value)\"" }
  /// A list.
  public init(arrayLiteral elements: JSONText...) {
    text = "[" + elements.map(\.text).joined(separator: ", ") + "]"
  }
  /// An object, its members in the order of the literal.
  public init(dictionaryLiteral elements: (String, JSONText)...) {
    text = "{" + elements.map { "\"\($0)\": \($1.text)" }.joined(separator: ", ") + "}"
  }

  /// An object, its members sorted by name.
  public init(_ members: [String: JSONText]) {
    let sorted = members.sorted { $0.key < $1.key }
    text = "{" + sorted.map { "\"\($0.key)\": \($0.value.text)" }.joined(separator: ", ") + "}"
  }
}
