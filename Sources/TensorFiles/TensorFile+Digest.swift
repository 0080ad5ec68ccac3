import Files
public import Tensors

extension TensorFile {
  /// Computes the SHA-256 digest of a tensor's stored bytes.
  ///
  /// - Returns: 64 hexadecimal digits.
  /// - Throws: The file's error when the bytes cannot be read.
  /// - Complexity: O(bytes), in one pass; memory for a few megabytes.
  public func digest(of tensor: TensorDescription) throws -> String {
    var digest = SHA256Digest()
    // Larger than the cache: chunks of an HDF5 dataset are not unpacked again and again.
    var chunks = ChunkReader(byteLimit: 1 << 22)
    try chunks.forEachChunk(of: .whole(tensor), of: tensor, in: self) {
      bytes, _ in digest.update(bytes)
    }
    return digest.finish()
  }
}
