import Files

extension FileDescriptor {
  /// The bytes at a place, read into memory that held something else.
  func bytes(_ count: Int, at position: Int) throws -> [UInt8] {
    var result = [UInt8](repeating: 0xAA, count: count)
    var elements = result.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var bytes = unsafe elements.mutableBytes
    let read = try read(into: &bytes, at: position)
    return Array(result.prefix(read))
  }

  func write(_ bytes: [UInt8], at position: Int) throws(SystemError) {
    // Safe: bytes have no padding.
    try unsafe write(bytes.span.bytes, at: position)
  }
}
