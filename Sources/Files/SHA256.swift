import CCrypto

/// The SHA-256 digest of bytes that come piece by piece.
///
/// Safe to hold: only this module reaches the context, which lives as long as this.
@safe public struct SHA256Digest: ~Copyable {
  private let context: OpaquePointer

  /// Begins the digest of no bytes.
  public init() {
    guard let context = unsafe EVP_MD_CTX_new(),
      unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
    else { preconditionFailure("libcrypto has no SHA-256") }
    unsafe self.context = context
  }

  deinit { unsafe EVP_MD_CTX_free(context) }

  /// Adds the next bytes.
  ///
  /// - Complexity: O(count), with the processor's instructions for it where it has them.
  public mutating func update(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { buffer in
      // Safe: the input is as long as it says, and the context lives as long as this.
      let done = unsafe EVP_DigestUpdate(context, buffer.baseAddress, buffer.count)
      precondition(done == 1, "libcrypto cannot go on with SHA-256")
    }
  }

  /// The digest of all bytes, in hexadecimal.
  public consuming func finish() -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    // Safe: SHA-256 writes 32 bytes, and the context lives as long as this.
    let done = unsafe EVP_DigestFinal_ex(context, &digest, nil)
    precondition(done == 1, "libcrypto cannot finish SHA-256")
    let digits = Array("0123456789abcdef".utf8)
    let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }
}

/// The SHA-256 digest of some bytes, in hexadecimal.
///
/// - Complexity: O(count), with the processor's instructions for it where it has them.
public func sha256(of bytes: RawSpan) -> String {
  var digest = SHA256Digest()
  digest.update(bytes)
  return digest.finish()
}

/// The SHA-256 digest of some bytes, in hexadecimal.
///
/// - Complexity: O(count), with the processor's instructions for it where it has them.
public func sha256(of bytes: [UInt8]) -> String {
  let span = bytes.span
  // Safe: bytes have no padding.
  return unsafe sha256(of: span.bytes)
}
