import Files
public import Tensors

/// A safetensors file in the making, whose tensors may be written in any order, by several tasks
/// at once, and over several runs of the program.
///
/// The file lies under its own name from the start, at its full size: whoever makes one keeps it
/// out of sight until every tensor is written.
///
/// Source: The safetensors format, https://github.com/huggingface/safetensors, "Format".
public final class SafetensorsDraft: Sendable {
  /// Where the file lies.
  public let path: String

  /// What the file holds, in the order of the bytes.
  public let tensors: [TensorDescription]

  /// The bytes before the data.
  public let header: [UInt8]

  /// The size of the file.
  public let byteCount: Int

  private let file: FileDescriptor
  private let begins: [Int]

  /// Opens the file of an earlier run where it has this header and size, and makes it anew
  /// otherwise.
  ///
  /// - Parameters:
  ///   - path: Where the file lies.
  ///   - tensors: What it will hold, in the order of the bytes.
  ///   - metadata: Free text for the header; it is written in the order of its keys.
  /// - Throws: ``SafetensorsError/cannotWrite(path:code:)`` when the system says no, a full disk
  ///   included: all space is taken now; otherwise when the tensors do not make a sound file.
  /// - Complexity: O(h) time and memory for a header of h bytes.
  public init(
    path: String, tensors: [TensorDescription], metadata: [String: String] = [:]
  ) throws(SafetensorsError) {
    let encoded = try encodedHeader(of: tensors, metadata: metadata, path: path)
    self.path = path
    self.tensors = tensors
    header = encoded.bytes
    byteCount = encoded.bytes.count + encoded.dataByteCount
    var end = encoded.bytes.count
    begins = tensors.map { tensor in
      defer { end += tensor.byteCount }
      return end
    }
    do {
      file = try Self.opened(path: path, header: encoded.bytes, byteCount: byteCount)
    } catch {
      throw .cannotWrite(path: path, code: error.code)
    }
  }

  /// Writes bytes of a tensor.
  ///
  /// - Parameters:
  ///   - bytes: Elements as they are stored: little-endian, row after row.
  ///   - tensor: The place of the tensor in ``tensors``.
  ///   - offset: Where the bytes begin, counted from the tensor's own first byte.
  /// - Throws: ``SafetensorsError/cannotWrite(path:code:)``
  /// - Precondition: The bytes lie inside the tensor.
  public func write(
    _ bytes: RawSpan, of tensor: Int, at offset: Int = 0
  ) throws(SafetensorsError) {
    precondition(
      offset >= 0 && offset + bytes.byteCount <= tensors[tensor].byteCount,
      "\(path): bytes beyond '\(tensors[tensor].name)'")
    do {
      try file.write(bytes, at: begins[tensor] + offset)
    } catch {
      throw .cannotWrite(path: path, code: error.code)
    }
    // The disk works while the next tensor is computed.
    file.startWriteback(at: begins[tensor] + offset, count: bytes.byteCount)
  }

  /// Reads bytes of a tensor as they are now.
  ///
  /// - Throws: ``SafetensorsError/cannotRead(path:tensor:code:)``
  /// - Precondition: The bytes lie inside the tensor.
  public func read(
    into bytes: inout MutableRawSpan, of tensor: Int, at offset: Int = 0
  ) throws(SafetensorsError) {
    precondition(
      offset >= 0 && offset + bytes.byteCount <= tensors[tensor].byteCount,
      "\(path): bytes beyond '\(tensors[tensor].name)'")
    do {
      _ = try file.read(into: &bytes, at: begins[tensor] + offset)
    } catch {
      throw .cannotRead(path: path, tensor: tensors[tensor].name, code: error.code)
    }
  }

  /// Waits until everything that was written is on the disk.
  ///
  /// - Throws: ``SafetensorsError/cannotWrite(path:code:)``
  public func synchronize() throws(SafetensorsError) {
    do {
      try file.synchronize()
    } catch {
      throw .cannotWrite(path: path, code: error.code)
    }
  }

  private static func opened(
    path: String, header: [UInt8], byteCount: Int
  ) throws(SystemError) -> FileDescriptor {
    if FileStatus(at: path)?.irregularKind == nil,
      FileStatus(at: path)?.byteCount == byteCount
    {
      let file = try FileDescriptor(updating: path)
      var found = [UInt8](repeating: 0, count: header.count)
      var space = found.mutableSpan
      // Safe: bytes have no padding, and take any value.
      var bytes = unsafe space.mutableBytes
      if try file.read(into: &bytes, at: 0) == header.count, found == header { return file }
    }
    if FileStatus(at: path) != nil { try removeFile(at: path) }
    _ = try FileDescriptor(creating: path)
    let file = try FileDescriptor(updating: path)
    try file.grow(to: byteCount)
    // Last: a file of that size without its header, after an interruption, is made anew. Safe:
    // bytes have no padding.
    try unsafe file.write(header.span.bytes, at: 0)
    return file
  }
}
