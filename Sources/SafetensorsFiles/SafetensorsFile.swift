import Files
import JSON
public import Tensors

/// A safetensors file that is open for reading, its whole header checked.
///
/// Every byte after the header belongs to exactly one tensor. The file stays open until this is
/// released, so replacing it by another of the same name does no harm.
///
/// ```swift
/// let file = try SafetensorsFile(path: "model.safetensors")
/// for tensor in file.tensors { print(tensor.name, tensor.shapeText) }
/// ```
///
/// Several tasks may read from one file at once.
///
/// Source: The safetensors format, https://github.com/huggingface/safetensors, "Format".
public final class SafetensorsFile: TensorFile {
  /// Where the file lies, as the user would write it.
  public let path: String

  /// The size of the file in bytes when it was opened.
  public let byteCount: Int

  /// The header's free text, under `__metadata__`; empty when there is none.
  public var metadata: [String: String] { header.metadata }

  /// Every tensor of the file, in the order of the data.
  public var tensors: [TensorDescription] { header.tensors }

  /// How the open file looks now.
  public var stamp: String { (try? file.status().stamp) ?? "" }

  private let file: FileDescriptor
  private let header: SafetensorsHeader

  /// Where the data begin: after the length of the header, eight bytes, and the header.
  private let dataOffset: Int

  /// Opens a file and checks its header; reads no tensor.
  ///
  /// - Parameter path: The name of a regular file or of a link to one.
  /// - Throws: ``SafetensorsError``: when the file cannot be opened or read; when it is too short,
  ///   damaged or of another format; when an entry of the header is not sound; and when tensors
  ///   overlap, leave bytes to nobody, or end after the file.
  /// - Complexity: O(h) time and memory for a header of h bytes; a header without order costs a
  ///   sort.
  public init(path: String) throws(SafetensorsError) {
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

    let bytes: [UInt8]
    (dataOffset, bytes) = try Self.readHeader(of: file, path: path, fileByteCount: byteCount)
    header = try SafetensorsHeader(bytes, path: path, fileByteCount: byteCount)
  }

  /// Reads the bytes that come before the data: the length of the header, eight bytes, and the
  /// header.
  ///
  /// - Returns: The bytes as they are in the file now; two files with the same bytes here describe
  ///   the same tensors.
  /// - Throws: ``SafetensorsError/becameShorter(path:tensor:expectedBytes:actualBytes:)`` and
  ///   ``SafetensorsError/cannotRead(path:tensor:code:)``
  public func headerBytes() throws(SafetensorsError) -> [UInt8] {
    try file.readBytes(dataOffset, at: 0, path: path, fileByteCount: byteCount)
  }

  /// Reads the stored bytes of a part of a tensor.
  ///
  /// - Parameters:
  ///   - slice: The part; within the tensor.
  ///   - tensor: One of ``tensors``.
  ///   - bytes: Exactly as many bytes as the part holds.
  /// - Throws: ``SafetensorsError/becameShorter(path:tensor:expectedBytes:actualBytes:)`` when the
  ///   file was cut since it was opened; ``SafetensorsError/cannotRead(path:tensor:code:)`` when
  ///   the system says no; ``SafetensorsError/splitByte(path:tensor:elementType:)`` when a packed
  ///   part begins or ends inside a byte.
  /// - Precondition: The tensor is of this file, and the part and the size of `bytes` fit it.
  public func read(
    _ slice: TensorSlice, of tensor: TensorDescription, into bytes: inout MutableRawSpan
  ) throws(SafetensorsError) {
    guard let place = header.places[tensor.name], tensors[place] == tensor else {
      preconditionFailure("\(path): \(quoted(tensor.name)) is not a tensor of this file")
    }
    let range = try byteRange(of: slice, in: tensor)
    precondition(
      bytes.byteCount == range.count,
      "\(path): \(bytes.byteCount) bytes for \(range.count) of \(quoted(tensor.name))")
    try file.fill(
      &bytes, at: dataOffset + header.begins[place] + range.lowerBound, path: path,
      tensor: tensor.name, fileByteCount: byteCount)
  }

  /// Where a part lies, counted from the start of the tensor.
  private func byteRange(
    of slice: TensorSlice, in tensor: TensorDescription
  ) throws(SafetensorsError) -> Range<Int> {
    // Bits, because parts of the packed types need not fill whole bytes; all bits of a tensor fit
    // an Int.
    let elements = slice.elements(of: tensor.shape)
    let begin = elements.lowerBound * tensor.elementType.bitCount
    let end = elements.upperBound * tensor.elementType.bitCount
    guard begin.isMultiple(of: 8), end.isMultiple(of: 8) else {
      throw .splitByte(path: path, tensor: tensor.name, elementType: tensor.elementType)
    }
    return begin / 8..<end / 8
  }

  /// Reads the header's text after checking its length; returns also where the data begin.
  private static func readHeader(
    of file: borrowing FileDescriptor, path: String, fileByteCount: Int
  ) throws(SafetensorsError) -> (dataOffset: Int, bytes: [UInt8]) {
    let start = try file.readBytes(
      min(24, fileByteCount), at: 0, path: path, fileByteCount: fileByteCount)
    /// Names the format that the file really has, where its first bytes tell.
    func refusal(_ error: SafetensorsError) -> SafetensorsError {
      ForeignFormat(firstBytes: start).map { .foreignFormat(path: path, format: $0) } ?? error
    }

    guard start.count >= 8 else {
      throw refusal(.tooShort(path: path, actualBytes: fileByteCount))
    }
    let length = start.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(SafetensorsHeader.byteLimit) else {
      throw refusal(.headerTooLarge(path: path, headerBytes: length))
    }
    guard length <= fileByteCount - 8 else {
      throw refusal(
        .truncated(path: path, expectedBytes: 8 + Int(length), actualBytes: fileByteCount))
    }
    let bytes = try file.readBytes(Int(length), at: 8, path: path, fileByteCount: fileByteCount)
    guard bytes.first == UInt8(ascii: "{") else {
      throw refusal(.headerNotAnObject(path: path, firstByte: bytes.first))
    }
    return (8 + bytes.count, bytes)
  }
}

extension FileDescriptor {
  /// Fills `bytes` from a place in the file.
  fileprivate func fill(
    _ bytes: inout MutableRawSpan, at position: Int, path: String, tensor: String?,
    fileByteCount: Int
  ) throws(SafetensorsError) {
    let count: Int
    do {
      count = try read(into: &bytes, at: position)
    } catch {
      throw .cannotRead(path: path, tensor: tensor, code: error.code)
    }
    guard count == bytes.byteCount else {
      let remaining = (try? status())?.byteCount ?? position + count
      throw .becameShorter(
        path: path, tensor: tensor, expectedBytes: fileByteCount, actualBytes: remaining)
    }
  }

  /// Reads bytes that come before the data.
  fileprivate func readBytes(
    _ count: Int, at position: Int, path: String, fileByteCount: Int
  ) throws(SafetensorsError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    var elements = result.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var bytes = unsafe elements.mutableBytes
    try fill(&bytes, at: position, path: path, tensor: nil, fileByteCount: fileByteCount)
    return result
  }
}
