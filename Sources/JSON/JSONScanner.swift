/// Walks through a JSON text byte by byte, without building a tree.
///
/// An object is read as `beginObject()`, then `nextKey()` and one value until the key is `nil`; an
/// array as `beginArray()`, then one value for each `nextElement()` that is true. Whoever walks
/// through an object looks for duplicate keys; ``readValue()`` and ``skipValue()`` do.
package struct JSONScanner {
  /// How many arrays and objects may stand in each other.
  package static let depthLimit = 128

  package let bytes: [UInt8]
  package let allowsNonFiniteNumbers: Bool
  /// Whether a key may stand twice in an object read as a whole; the last value counts.
  private let allowsRepeatedKeys: Bool

  /// The keys that stood twice, with both values, in the order of the text.
  package private(set) var repeats: [(key: String, first: JSONValue, second: JSONValue)] = []

  /// The next byte to look at.
  package var offset = 0

  /// Where the last key began.
  package private(set) var keyOffset = 0

  private var depth = 0
  private var isAtContainerStart = false

  package init(
    _ bytes: [UInt8], allowsNonFiniteNumbers: Bool = false, allowsRepeatedKeys: Bool = false
  ) {
    self.bytes = bytes
    self.allowsNonFiniteNumbers = allowsNonFiniteNumbers
    self.allowsRepeatedKeys = allowsRepeatedKeys
  }

  // MARK: Values

  /// Reads the next value with all that it holds.
  package mutating func readValue() throws(JSONError) -> JSONValue {
    switch try nextByte() {
    case UInt8(ascii: "{"):
      var members: [String: JSONValue] = [:]
      try readObject { members.updateValue($1, forKey: $0) }
      return .object(members)
    case UInt8(ascii: "["):
      try beginArray()
      var elements: [JSONValue] = []
      while try nextElement() { elements.append(try readValue()) }
      return .array(elements)
    case UInt8(ascii: "\""): return .string(try readString())
    default: return try readScalar()
    }
  }

  /// Reads an object, and hands over its members one by one.
  ///
  /// - Parameters:
  ///   - read: Reads the value of a key.
  ///   - take: Takes a member; returns the value that the same key had before, nil for none.
  /// - Throws: ``JSONError``
  package mutating func readObject(
    reading read: (String, inout Self) throws(JSONError) -> JSONValue = {
      (_, scanner) throws(JSONError) in try scanner.readValue()
    },
    _ take: (String, JSONValue) -> JSONValue?
  ) throws(JSONError) {
    try beginObject()
    while let key = try nextKey() {
      let start = keyOffset
      let value = try read(key, &self)
      guard let earlier = take(key, value) else { continue }
      guard allowsRepeatedKeys else {
        throw JSONError(byteOffset: start, problem: .duplicateKey(key))
      }
      repeats.append((key, earlier, value))
    }
  }

  /// Checks the next value as ``readValue()`` does, and forgets it.
  package mutating func skipValue() throws(JSONError) {
    switch try nextByte() {
    case UInt8(ascii: "{"):
      try beginObject()
      var keys: Set<String> = []
      while let key = try nextKey() {
        guard keys.insert(key).inserted else {
          throw JSONError(byteOffset: keyOffset, problem: .duplicateKey(key))
        }
        try skipValue()
      }
    case UInt8(ascii: "["):
      try beginArray()
      while try nextElement() { try skipValue() }
    case UInt8(ascii: "\""): _ = try scanString()
    default: _ = try readScalar()
    }
  }

  /// Checks that only white space is left.
  package mutating func finish() throws(JSONError) {
    skipWhiteSpace()
    guard offset == bytes.count else {
      throw JSONError(byteOffset: offset, problem: .trailingContent)
    }
  }

  // MARK: Objects and arrays

  /// Enters an object.
  package mutating func beginObject() throws(JSONError) { try begin(UInt8(ascii: "{")) }

  /// Enters an array.
  package mutating func beginArray() throws(JSONError) { try begin(UInt8(ascii: "[")) }

  /// Steps to the next member of the object and returns its key; leaves the object when there is
  /// none.
  package mutating func nextKey() throws(JSONError) -> String? {
    guard try step(closing: UInt8(ascii: "}"), expecting: "',' or '}'") else { return nil }
    let byte = try nextByte()
    guard byte == UInt8(ascii: "\"") else { throw unexpected(byte, "a key in double quotes") }
    keyOffset = offset
    let key = try readString()
    let separator = try nextByte()
    guard separator == UInt8(ascii: ":") else { throw unexpected(separator, "':'") }
    offset += 1
    return key
  }

  /// Steps to the next element of the array; leaves the array when there is none.
  package mutating func nextElement() throws(JSONError) -> Bool {
    try step(closing: UInt8(ascii: "]"), expecting: "',' or ']'")
  }

  private mutating func begin(_ bracket: UInt8) throws(JSONError) {
    let byte = try nextByte()
    guard byte == bracket else {
      throw unexpected(byte, "'\(Character(Unicode.Scalar(bracket)))'")
    }
    guard depth < Self.depthLimit else {
      throw JSONError(byteOffset: offset, problem: .tooDeep(limit: Self.depthLimit))
    }
    depth += 1
    offset += 1
    isAtContainerStart = true
  }

  private mutating func step(closing: UInt8, expecting: String) throws(JSONError) -> Bool {
    let byte = try nextByte()
    let isFirst = isAtContainerStart
    isAtContainerStart = false
    if byte == closing {
      depth -= 1
      offset += 1
      return false
    }
    if isFirst { return true }
    guard byte == UInt8(ascii: ",") else { throw unexpected(byte, expecting) }
    offset += 1
    return true
  }

  // MARK: Bytes

  /// The next byte that is not white space, which stays unread.
  package mutating func nextByte() throws(JSONError) -> UInt8 {
    skipWhiteSpace()
    guard offset < bytes.count else {
      throw JSONError(byteOffset: offset, problem: .unexpectedEnd)
    }
    return bytes[offset]
  }

  /// The error for a byte at ``offset`` that should be something else.
  package func unexpected(_ byte: UInt8, _ expected: String) -> JSONError {
    JSONError(byteOffset: offset, problem: .unexpectedByte(byte, expected: expected))
  }

  private mutating func skipWhiteSpace() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0A, 0x0D: offset += 1
      default: return
      }
    }
  }
}
