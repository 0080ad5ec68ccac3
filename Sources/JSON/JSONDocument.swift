/// A JSON text as people, Python and Windows leave it: a config or an index, not a file's header.
///
/// Beside what ``JSONValue/parse(_:allowsNonFiniteNumbers:)`` takes, it may begin with a byte order
/// mark, hold `NaN` and `Infinity` as Python writes them, and say the same twice under one key.
package struct JSONDocument: Sendable {
  /// The only value of the text.
  package let value: JSONValue
  /// Whether it begins with a byte order mark.
  package let hasByteOrderMark: Bool
  /// The keys that stand twice in one object, with the same value.
  package let repeatedKeys: [String]

  private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  /// Why a text cannot be used.
  package enum Failure: Error, Equatable {
    /// There is no text.
    case empty
    /// There are zero bytes and nothing else.
    case zeroBytes
    /// The text is in another encoding than UTF-8.
    case encoding(String)
    /// It is the stand-in that Git LFS leaves when it has not fetched a file.
    case gitLFSPointer
    /// The text breaks the grammar.
    case notJSON(JSONError)
    /// An object has two members of this name, which say different things.
    case twoValues(key: String, first: String, second: String)
  }

  /// Reads a text.
  ///
  /// - Parameter bytes: The whole text; offsets in errors are counted from its start.
  /// - Throws: ``Failure``
  /// - Complexity: O(n) time and memory for n bytes.
  package init(_ bytes: [UInt8]) throws(Failure) {
    try self.init(bytes) { scanner throws(JSONError) in try scanner.readValue() }
  }

  /// Reads a text with an object under some key of the outermost one that is too long for a tree.
  ///
  /// - Parameters:
  ///   - bytes: The whole text; offsets in errors are counted from its start.
  ///   - key: The key; ``value`` has null there.
  ///   - take: Takes a member of that object; returns the value that the same key had before, nil
  ///     for none.
  /// - Throws: ``Failure``
  /// - Complexity: O(n) time for n bytes, and memory for what is not handed over.
  package init(
    _ bytes: [UInt8], handingOver key: String, to take: (String, JSONValue) -> JSONValue?
  ) throws(Failure) {
    try self.init(bytes) { scanner throws(JSONError) in
      guard try scanner.nextByte() == UInt8(ascii: "{") else { return try scanner.readValue() }
      var members: [String: JSONValue] = [:]
      try scanner.readObject(
        reading: { (name, scanner) throws(JSONError) in
          guard name == key, try scanner.nextByte() == UInt8(ascii: "{") else {
            return try scanner.readValue()
          }
          try scanner.readObject(take)
          return .null
        }, { members.updateValue($1, forKey: $0) })
      return .object(members)
    }
  }

  private init(
    _ bytes: [UInt8], reading read: (inout JSONScanner) throws(JSONError) -> JSONValue
  ) throws(Failure) {
    if let failure = Self.failure(ofWhole: bytes) { throw failure }
    var scanner = JSONScanner(bytes, allowsNonFiniteNumbers: true, allowsRepeatedKeys: true)
    hasByteOrderMark = bytes.starts(with: Self.mark)
    if hasByteOrderMark { scanner.offset = Self.mark.count }
    do throws(JSONError) {
      value = try read(&scanner)
      try scanner.finish()
    } catch {
      throw .notJSON(error)
    }
    if let (key, first, second) = scanner.repeats.first(where: { $0.first != $0.second }) {
      // Of two objects or lists the kind alone is told.
      throw .twoValues(
        key: key, first: first.brief,
        second: first.brief == second.brief ? "another" : second.brief)
    }
    repeatedKeys = scanner.repeats.map(\.key)
  }

  /// What makes the bytes no text in UTF-8 at all; nil where nothing does.
  ///
  /// JSON begins with a character of ASCII, so that zeros among the first four bytes tell encodings
  /// apart without a mark too.
  ///
  /// Source: RFC 4627, section 3, "Encoding".
  private static func failure(ofWhole bytes: [UInt8]) -> Failure? {
    let content = bytes.starts(with: mark) ? bytes[mark.count...] : bytes[...]
    if content.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) { return .empty }
    if content.allSatisfy({ $0 == 0 }) { return .zeroBytes }
    if content.starts(with: Array("version https://git-lfs".utf8)) { return .gitLFSPointer }
    let first = Array(bytes.prefix(4))
    if first.starts(with: [0xFF, 0xFE, 0, 0]) || first.starts(with: [0, 0, 0xFE, 0xFF]) {
      return .encoding("UTF-32")
    }
    if first.starts(with: [0xFF, 0xFE]) || first.starts(with: [0xFE, 0xFF]) {
      return .encoding("UTF-16")
    }
    let isZero = first.map { $0 == 0 }
    if [[false, true, true, true], [true, true, true, false]].contains(isZero) {
      return .encoding("UTF-32")
    }
    return isZero.count > 1 && isZero[0] != isZero[1] ? .encoding("UTF-16") : nil
  }
}

extension JSONDocument.Failure: CustomStringConvertible {
  /// What is wrong with the text, in words that follow the name of its file.
  package var description: String {
    switch self {
    case .empty: "is empty"
    case .zeroBytes: "holds zero bytes and nothing else: its content was lost"
    case .encoding(let name): "is written in \(name); save it as UTF-8"
    case .gitLFSPointer:
      "is a Git LFS pointer, not the file that it stands for; fetch that with 'git lfs pull'"
    case .notJSON(let error): "is not JSON: \(error)"
    case .twoValues(let key, let first, let second):
      "has the key \(quoted(key)) twice in one object, as \(first) and as \(second)"
    }
  }
}

extension JSONValue {
  /// The value in a few words, for messages.
  var brief: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): value.isNaN ? "NaN" : "\(value)"
    case .string(let value): quoted(value)
    case .array: "a list"
    case .object: "an object"
    }
  }
}
