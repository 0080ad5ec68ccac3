import JSON
import Testing

/// Checks where the members of a JSON object are found.
@Suite struct JSONMemberTests {
  private static func members(_ text: String) throws(JSONError) -> [[String]] {
    let bytes = Array(text.utf8)
    return try JSONMember.all(of: bytes).map { member in
      [
        member.key, String(decoding: bytes[member.value], as: UTF8.self),
        String(decoding: bytes[member.start..<member.value.lowerBound], as: UTF8.self),
      ]
    }
  }

  @Test("Keys and values are found as they are spelled, in their order")
  func places() throws {
    let text = "\n{ \"b\\u0061\" :\t[1, {\"x\":2}]\n,\"n\":-1e2 ,\"s\" : \"a } b\",\"i\": NaN } \n"
    #expect(
      try Self.members(text) == [
        ["ba", "[1, {\"x\":2}]", "\"b\\u0061\" :\t"], ["n", "-1e2", "\"n\":"],
        ["s", "\"a } b\"", "\"s\" : "], ["i", "NaN", "\"i\": "],
      ])
    #expect(try Self.members("{}") == [])
  }

  @Test("What is no object is refused", arguments: ["", "[1]", "{\"a\"}", "{\"a\": 1} x", "{"])
  func refusals(text: String) {
    #expect(throws: JSONError.self) { try Self.members(text) }
  }
}
