import JSON
import Testing

/// Checks what is taken of texts that no strict parser takes, and what stays refused.
@Suite struct JSONDocumentTests {
  static func failure(_ bytes: [UInt8]) -> JSONDocument.Failure? {
    do throws(JSONDocument.Failure) {
      _ = try JSONDocument(bytes)
      return nil
    } catch {
      return error
    }
  }

  @Test("A byte order mark, numbers of Python and a key twice with one value are taken")
  func lenient() throws {
    let document = try JSONDocument(
      Array("\u{FEFF}{\"a\": [1], \"b\": {\"c\": 2, \"c\": 2}, \"a\": [1], \"n\": NaN}".utf8))
    #expect(document.hasByteOrderMark)
    #expect(document.repeatedKeys == ["c", "a"])
    #expect(document.value["a"] == .array([.integer(1)]))
    #expect(document.value["n"]?.doubleValue?.isNaN == true)
    let plain = try JSONDocument(Array("{}".utf8))
    #expect(!plain.hasByteOrderMark)
    #expect(plain.repeatedKeys == [])
  }

  @Test(
    "A key with two values is refused with both",
    arguments: [
      ("8", "16", "8", "16"), ("\"x\"", "null", "'x'", "null"), ("1.5", "true", "1.5", "true"),
      ("[]", "{}", "a list", "an object"), ("1", "1.0", "1", "1.0"),
      ("{}", "{\"a\": 1}", "an object", "another"),
    ])
  func twoValues(first: String, second: String, told: String, toldSecond: String) {
    let error = Self.failure(Array("{\"k\": \(first), \"k\": \(second)}".utf8))
    #expect(error == .twoValues(key: "k", first: told, second: toldSecond))
    #expect(
      error?.description
        == "has the key 'k' twice in one object, as \(told) and as \(toldSecond)")
  }

  @Test(
    "What is no text in UTF-8 at all has a verdict of its own",
    arguments: [
      ([], "is empty"), ([0x20, 0x0A], "is empty"), ([0xEF, 0xBB, 0xBF], "is empty"),
      ([0], "holds zero bytes and nothing else: its content was lost"),
      ([0, 0, 0, 0, 0], "holds zero bytes and nothing else: its content was lost"),
      ([0xFF, 0xFE, 0x7B, 0, 0x7D, 0], "is written in UTF-16; save it as UTF-8"),
      ([0xFE, 0xFF, 0, 0x7B], "is written in UTF-16; save it as UTF-8"),
      ([0x7B, 0, 0x0D, 0x0A], "is written in UTF-16; save it as UTF-8"),
      ([0, 0x7B, 0x4E, 0x00], "is written in UTF-16; save it as UTF-8"),
      ([0xFF, 0xFE, 0, 0, 0x7B, 0, 0, 0], "is written in UTF-32; save it as UTF-8"),
      ([0, 0, 0xFE, 0xFF], "is written in UTF-32; save it as UTF-8"),
      ([0x7B, 0, 0, 0], "is written in UTF-32; save it as UTF-8"),
      ([0, 0, 0, 0x7B], "is written in UTF-32; save it as UTF-8"),
      (
        Array("version https://git-lfs.github.com/spec/v1\noid sha256:0\n".utf8),
        "is a Git LFS pointer, not the file that it stands for; fetch that with 'git lfs pull'"
      ), ([0x7B], "is not JSON: byte 1: the JSON text ends inside a value"),
    ] as [([UInt8], String)])
  func encodings(bytes: [UInt8], verdict: String) {
    #expect(Self.failure(bytes)?.description == verdict)
  }

  @Test("Offsets are counted with the mark")
  func offset() {
    #expect(
      Self.failure(Array("\u{FEFF}{]".utf8))
        == .notJSON(
          JSONError(
            byteOffset: 4,
            problem: .unexpectedByte(0x5D, expected: "a key in double quotes"))))
  }
}
