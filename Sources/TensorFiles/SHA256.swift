import CCrypto

/// The SHA-256 digest of some bytes, in hexadecimal.
///
/// - Complexity: O(count), with the processor's instructions for it where it has them.
public func sha256(of bytes: [UInt8]) -> String {
  var digest = [UInt8](repeating: 0, count: 32)
  // Safe: the input is `bytes.count` long, and SHA-256 writes 32 bytes.
  let done = unsafe EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil)
  precondition(done == 1, "libcrypto has no SHA-256")
  let digits = Array("0123456789abcdef".utf8)
  let text = digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  return String(decoding: text, as: UTF8.self)
}
