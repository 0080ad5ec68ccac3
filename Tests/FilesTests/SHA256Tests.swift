import Files
import Testing

/// Checks SHA-256 against the examples of the standard.
///
/// Source: NIST, "SHA-256 Example" and the test vectors of FIPS 180-4; those of the two longest
/// messages were checked with Python's hashlib.
@Suite struct SHA256Tests {
  static let vectors: [(message: String, digest: String)] = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ]

  @Test("The examples of the standard", arguments: vectors)
  func examples(message: String, digest: String) {
    let bytes = Array(message.utf8)
    #expect(sha256(of: bytes) == digest)
    // Safe: bytes have no padding.
    #expect(unsafe sha256(of: bytes.span.bytes) == digest)
  }

  @Test(
    "The digest does not depend on where the bytes are cut", arguments: [1, 3, 55, 64, 65, 111])
  func pieces(size: Int) {
    let (message, expected) = Self.vectors[3]
    let bytes = Array(message.utf8)
    var digest = SHA256Digest()
    for start in stride(from: 0, to: bytes.count, by: size) {
      let piece = Array(bytes[start..<min(start + size, bytes.count)])
      // Safe: bytes have no padding.
      unsafe digest.update(piece.span.bytes)
      // No bytes at all change nothing.
      let none: [UInt8] = []
      // Safe: bytes have no padding.
      unsafe digest.update(none.span.bytes)
    }
    #expect(digest.finish() == expected)
  }
}
