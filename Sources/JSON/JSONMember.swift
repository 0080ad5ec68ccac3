/// A member of a JSON object, by where it stands in the text.
package struct JSONMember: Sendable, Equatable {
  /// Its key.
  package let key: String
  /// Where the key begins, at its quotation mark.
  package let start: Int
  /// The bytes of its value, without the white space around it.
  package let value: Range<Int>

  /// Finds the members of a text that is one object, in the order of the text.
  ///
  /// With their places, one of them can be changed and all others kept as they are spelled.
  ///
  /// - Parameter bytes: The text; `NaN` and `Infinity` are numbers.
  /// - Returns: The members; a key that stands twice is there twice.
  /// - Throws: ``JSONError`` where the text is anything else.
  /// - Complexity: O(n) for n bytes.
  package static func all(of bytes: [UInt8]) throws(JSONError) -> [JSONMember] {
    var scanner = JSONScanner(bytes, allowsNonFiniteNumbers: true)
    var members: [JSONMember] = []
    try scanner.beginObject()
    while let key = try scanner.nextKey() {
      let start = scanner.keyOffset
      _ = try scanner.nextByte()
      let valueStart = scanner.offset
      try scanner.skipValue()
      members.append(JSONMember(key: key, start: start, value: valueStart..<scanner.offset))
    }
    try scanner.finish()
    return members
  }
}
