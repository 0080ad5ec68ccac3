/// Says where a text stops being JSON, and why.
public struct JSONError: Error, Equatable, Sendable {
  /// What can be wrong with a JSON text.
  public enum Problem: Equatable, Sendable {
    /// The text ends inside a value.
    case unexpectedEnd
    /// A byte stands where `expected` should stand.
    case unexpectedByte(UInt8, expected: String)
    /// Something other than white space follows the value.
    case trailingContent
    /// Bytes in a string are not UTF-8.
    case invalidUTF8
    /// A control character stands in a string without an escape.
    case controlCharacter(UInt8)
    /// A backslash starts no escape that JSON knows.
    case invalidEscape
    /// A `\u` escape is half of a surrogate pair without the other half.
    case loneSurrogate
    /// A number is not spelled as JSON spells numbers.
    case invalidNumber
    /// A number is too large for a `Double`.
    case numberOutOfRange
    /// An object has two members of this name.
    case duplicateKey(String)
    /// More than `limit` arrays and objects stand in each other.
    case tooDeep(limit: Int)
  }

  /// Where the problem is, counted in bytes from the start of the text.
  public let byteOffset: Int

  /// What is wrong there.
  public let problem: Problem

  /// Makes an error; `byteOffset` counts from the start of the text.
  public init(byteOffset: Int, problem: Problem) {
    self.byteOffset = byteOffset
    self.problem = problem
  }
}

extension JSONError: CustomStringConvertible {
  /// Where the text breaks, and what is wrong there.
  public var description: String { "byte \(byteOffset): \(problem)" }
}

extension JSONError.Problem: CustomStringConvertible {
  /// What is wrong, in words.
  public var description: String {
    switch self {
    case .unexpectedEnd: "the JSON text ends inside a value"
    case .unexpectedByte(let byte, let expected):
      "expected \(expected), found \(Self.name(of: byte))"
    case .trailingContent: "something follows the end of the JSON text"
    case .invalidUTF8: "a string is not UTF-8"
    case .controlCharacter(let byte): "a string holds an unescaped \(Self.name(of: byte))"
    case .invalidEscape: "a backslash starts no escape that JSON knows"
    case .loneSurrogate: "a \\u escape is half of a surrogate pair"
    case .invalidNumber: "a number is not spelled as JSON spells numbers"
    case .numberOutOfRange: "a number is too large for a double"
    case .duplicateKey(let key): "the key \(quoted(key)) stands twice in one object"
    case .tooDeep(let limit): "more than \(limit) arrays and objects stand in each other"
    }
  }

  private static func name(of byte: UInt8) -> String {
    if (0x21...0x7E).contains(byte) { return "'\(Character(Unicode.Scalar(byte)))'" }
    let digits = String(byte, radix: 16, uppercase: true)
    return "byte 0x" + (digits.count < 2 ? "0" : "") + digits
  }
}
