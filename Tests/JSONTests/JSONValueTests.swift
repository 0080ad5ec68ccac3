import JSON
import Testing

/// Checks the contract written above `JSONValue.parse`, clause by clause.
@Suite struct JSONValueTests {
  static func parse(_ text: String, python: Bool = false) throws(JSONError) -> JSONValue {
    try JSONValue.parse(Array(text.utf8), allowsNonFiniteNumbers: python)
  }

  static func failure(_ bytes: [UInt8], python: Bool = false) -> JSONError? {
    do throws(JSONError) {
      _ = try JSONValue.parse(bytes, allowsNonFiniteNumbers: python)
      return nil
    } catch {
      return error
    }
  }

  // MARK: Values

  @Test("are told apart by kind")
  func kinds() throws {
    let text = " {\"a\":[null,true,false,-7,1.5,\"s\",{}],\r\n\t\"b\": []} \n"
    #expect(
      try Self.parse(text)
        == .object([
          "a": .array([
            .null, .bool(true), .bool(false), .integer(-7), .number(1.5), .string("s"),
            .object([:]),
          ]), "b": .array([]),
        ]))
  }

  @Test(
    "keep integers exact and apart from other numbers",
    arguments: [
      ("0", JSONValue.integer(0)), ("-0", .integer(0)), ("10", .integer(10)),
      ("9007199254740993", .integer(9_007_199_254_740_993)),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
      ("9223372036854775808", .number(9_223_372_036_854_775_808)),
      ("-9223372036854775809", .number(-9_223_372_036_854_775_808)),
      ("18446744073709551616", .number(18_446_744_073_709_551_616)),
      ("1.0", .number(1)), ("1e3", .number(1000)), ("1E+3", .number(1000)),
      ("25e-2", .number(0.25)),
      ("-0.0", .number(-0.0)), ("0.1", .number(0.1)), ("1e-400", .number(0)),
      ("5e-324", .number(.leastNonzeroMagnitude)),
      ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
    ])
  func numbers(text: String, value: JSONValue) throws {
    #expect(try Self.parse(text) == value)
  }

  @Test("of Python are numbers only when allowed")
  func nonFinite() throws {
    let text = "[NaN,Infinity,-Infinity,-1]"
    let values = try #require(try Self.parse(text, python: true).arrayValue)
    #expect(values.count == 4)
    #expect(values.first?.doubleValue?.isNaN == true)
    #expect(values.dropFirst() == [.number(.infinity), .number(-.infinity), .integer(-1)])
    for word in ["NaN", "Infinity", "-Infinity"] {
      #expect(Self.failure(Array(word.utf8)) != nil, "\(word)")
    }
    #expect(
      Self.failure(Array("-Inf".utf8), python: true)
        == JSONError(byteOffset: 4, problem: .unexpectedEnd))
  }

  @Test(
    "of strings are decoded",
    arguments: [
      (#""""#, ""), (#""aé€😀""#, "aé€😀"),
      (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
      (#""\u0041\u00e9\u20AC\ud83d\uDE00!""#, "Aé€😀!"), (#""\u0000""#, "\0"),
      (#""ü\nü""#, "ü\nü"), (#""\uD800\uDC00\uDBFF\uDFFF""#, "\u{10000}\u{10FFFF}"),
      ("\"\u{7F}\"", "\u{7F}"),
    ])
  func strings(text: String, value: String) throws {
    let parsed = try #require(try Self.parse(text).stringValue)
    #expect(Array(parsed.utf8) == Array(value.utf8))
  }

  @Test("are reached by accessors that refuse other kinds")
  func accessors() throws {
    let value = try Self.parse(#"{"i":4,"d":1.0,"s":"t","b":true,"n":null,"a":[1]}"#)
    #expect(value["i"]?.integerValue == 4)
    #expect(value["i"]?.doubleValue == 4)
    #expect(value["d"]?.integerValue == nil)
    #expect(value["d"]?.doubleValue == 1)
    #expect(value["s"]?.stringValue == "t")
    #expect(value["b"]?.boolValue == true)
    #expect(value["n"]?.isNull == true)
    #expect(value["a"]?.arrayValue == [.integer(1)])
    #expect(value["none"] == nil)
    #expect(value.objectValue?.count == 6)
    let others = value["s"]
    #expect(others?.boolValue == nil && others?.integerValue == nil && others?.doubleValue == nil)
    #expect(others?.arrayValue == nil && others?.objectValue == nil && others?.isNull == false)
    #expect(value["i"]?.stringValue == nil)
    #expect(value["s"]?["x"] == nil)
  }

  // MARK: Errors

  @Test(
    "are refused where the text breaks the grammar",
    arguments: [
      ("", 0, JSONError.Problem.unexpectedEnd), ("  ", 2, .unexpectedEnd),
      ("[1", 2, .unexpectedEnd), ("{\"a\":", 5, .unexpectedEnd), ("\"abc", 4, .unexpectedEnd),
      ("\"\\", 2, .unexpectedEnd), ("tru", 3, .unexpectedEnd),
      ("[1,]", 3, .unexpectedByte(0x5D, expected: "a value")),
      ("{\"a\":1,}", 7, .unexpectedByte(0x7D, expected: "a key in double quotes")),
      ("[,1]", 1, .unexpectedByte(0x2C, expected: "a value")),
      ("[1 2]", 3, .unexpectedByte(0x32, expected: "',' or ']'")),
      ("{\"a\":1 \"b\":2}", 7, .unexpectedByte(0x22, expected: "',' or '}'")),
      ("{\"a\" 1}", 5, .unexpectedByte(0x31, expected: "':'")),
      ("{a:1}", 1, .unexpectedByte(0x61, expected: "a key in double quotes")),
      ("[1}", 2, .unexpectedByte(0x7D, expected: "',' or ']'")),
      ("trux", 3, .unexpectedByte(0x78, expected: "'true'")),
      ("'a'", 0, .unexpectedByte(0x27, expected: "a value")),
      ("\u{FEFF}1", 0, .unexpectedByte(0xEF, expected: "a value")),
      ("\u{A0}1", 0, .unexpectedByte(0xC2, expected: "a value")),
      ("/**/1", 0, .unexpectedByte(0x2F, expected: "a value")),
      ("1 2", 2, .trailingContent), ("{}x", 2, .trailingContent), ("1\0", 1, .trailingContent),
      ("1]", 1, .trailingContent),
      ("01", 0, .invalidNumber), ("-", 0, .invalidNumber), ("-01", 0, .invalidNumber),
      ("1.", 0, .invalidNumber), ("1.e3", 0, .invalidNumber), ("1e", 0, .invalidNumber),
      ("1e+", 0, .invalidNumber), ("[-a]", 1, .invalidNumber),
      ("+1", 0, .unexpectedByte(0x2B, expected: "a value")),
      (".5", 0, .unexpectedByte(0x2E, expected: "a value")),
      ("0x10", 1, .trailingContent), ("1e999", 0, .numberOutOfRange),
      ("[-1e999]", 1, .numberOutOfRange),
      ("\"a\nb\"", 2, .controlCharacter(0x0A)), ("\"\u{1F}\"", 1, .controlCharacter(0x1F)),
      (#""\x""#, 1, .invalidEscape), (#""\u12""#, 1, .invalidEscape),
      (#""\u12G4""#, 1, .invalidEscape), (#""\U0041""#, 1, .invalidEscape),
      (#""a\ud800""#, 2, .loneSurrogate), (#""\udc00""#, 1, .loneSurrogate),
      (#""\ud800\u0041""#, 1, .loneSurrogate), (#""\ud800\ud800""#, 1, .loneSurrogate),
      (#""\ud800x\udc00""#, 1, .loneSurrogate),
      (#"{"a":1,"b":2,"a":3}"#, 13, .duplicateKey("a")),
      (#"{"a":1,"\u0061":2}"#, 7, .duplicateKey("a")),
      (#"[{"k":{"a":{},"a":[]}}]"#, 14, .duplicateKey("a")),
      (#"{"a":{"b":1},"a":2}"#, 13, .duplicateKey("a")),
    ])
  func grammar(text: String, byteOffset: Int, problem: JSONError.Problem) {
    #expect(
      Self.failure(Array(text.utf8)) == JSONError(byteOffset: byteOffset, problem: problem))
  }

  @Test(
    "are refused where a string is not UTF-8",
    arguments: [
      [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC3], [0xC3, 0x28], [0xE0, 0x80, 0x80],
      [0xE0, 0x9F, 0xBF], [0xE2, 0x82], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28],
      [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
      [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
    ] as [[UInt8]])
  func invalidUTF8(sequence: [UInt8]) {
    #expect(
      Self.failure([0x22, 0x61] + sequence + [0x22])
        == JSONError(byteOffset: 2, problem: .invalidUTF8))
    #expect(
      Self.failure([0x22, 0x61] + sequence) == JSONError(byteOffset: 2, problem: .invalidUTF8))
  }

  @Test("accept every scalar, as UTF-8 and as an escape")
  func everyScalar() throws {
    for value in stride(from: UInt32(0x20), through: 0x10FFFF, by: 61) {
      guard let scalar = Unicode.Scalar(value), scalar != "\"", scalar != "\\" else { continue }
      let plain = "\"\(Character(scalar))\""
      let units = Character(scalar).utf16.map { unit in
        "\\u" + String(0x10000 + Int(unit), radix: 16).dropFirst()
      }
      #expect(try Self.parse(plain) == .string(String(scalar)))
      #expect(try Self.parse("\"\(units.joined())\"") == .string(String(scalar)))
    }
  }

  @Test("may be 128 deep and no deeper", arguments: [("[", "]"), ("{\"k\":", "}")])
  func depth(open: String, close: String) throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array(
        (String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
    }
    _ = try JSONValue.parse(nested(128))
    for depth in [129, 100_000] {
      #expect(
        Self.failure(nested(depth))
          == JSONError(byteOffset: 128 * open.utf8.count, problem: .tooDeep(limit: 128)))
    }
    let wide = "[" + Array(repeating: "[[]],{}", count: 500).joined(separator: ",") + "]"
    #expect(try Self.parse(wide).arrayValue?.count == 1000)
  }

  // MARK: Messages

  @Test(
    "are refused in words",
    arguments: [
      (#"[1 2]"#, "byte 3: expected ',' or ']', found '2'"),
      ("[\u{1}]", "byte 1: expected a value, found byte 0x01"),
      ("[", "byte 1: the JSON text ends inside a value"),
      ("1 1", "byte 2: something follows the end of the JSON text"),
      ("\"\t\"", "byte 1: a string holds an unescaped byte 0x09"),
      (#""\q""#, "byte 1: a backslash starts no escape that JSON knows"),
      (#""\udfff""#, "byte 1: a \\u escape is half of a surrogate pair"),
      ("1.", "byte 0: a number is not spelled as JSON spells numbers"),
      ("1e400", "byte 0: a number is too large for a double"),
      (#"{"a\u001b":1,"a\u001b":1}"#, "byte 13: the key 'a\\u{1b}' stands twice in one object"),
    ])
  func messages(text: String, message: String) {
    #expect(Self.failure(Array(text.utf8))?.description == message)
  }

  @Test("are refused in words when not UTF-8 or too deep")
  func moreMessages() {
    #expect(Self.failure([0x22, 0xFF, 0x22])?.description == "byte 1: a string is not UTF-8")
    #expect(
      Self.failure([UInt8](repeating: 0x5B, count: 200))?.description
        == "byte 128: more than 128 arrays and objects stand in each other")
  }
}
