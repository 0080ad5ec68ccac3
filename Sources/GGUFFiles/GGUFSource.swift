import Files

/// The open file behind a `GGUFFile`, which its header is read from, too.
final class GGUFSource: Sendable {
  let path: String
  let byteCount: Int
  let file: FileDescriptor

  init(path: String) throws(GGUFError) {
    self.path = path
    let status: FileStatus
    do {
      file = try FileDescriptor(reading: path)
      status = try file.status()
    } catch {
      throw .cannotOpen(path: path, code: error.code)
    }
    if let kind = status.irregularKind { throw .notARegularFile(path: path, kind: kind) }
    byteCount = status.byteCount
  }

  /// Fills `bytes` from a place in the file.
  func fill(
    _ bytes: inout MutableRawSpan, at position: Int, part tensor: String?
  ) throws(GGUFError) {
    let count: Int
    do {
      count = try file.read(into: &bytes, at: position)
    } catch {
      throw .cannotRead(path: path, tensor: tensor, code: error.code)
    }
    guard count == bytes.byteCount else {
      let remaining = (try? file.status())?.byteCount ?? position + count
      throw .becameShorter(
        path: path, tensor: tensor, expectedBytes: byteCount, actualBytes: remaining)
    }
  }

  /// Reads bytes of the header.
  func bytes(_ count: Int, at position: Int, part tensor: String?) throws(GGUFError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    var elements = result.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var bytes = unsafe elements.mutableBytes
    try fill(&bytes, at: position, part: tensor)
    return result
  }
}
