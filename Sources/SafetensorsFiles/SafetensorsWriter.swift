import Files
public import Tensors

/// Writes a safetensors file piece by piece; the file appears whole under its name, or not at all.
///
/// The bytes go to a temporary file in the same folder, which takes the name in ``finish()`` and is
/// removed when the writer is given up before. Only a process that is killed leaves it behind.
///
/// ```swift
/// var writer = try SafetensorsWriter(path: "out.safetensors", tensors: [weight, bias])
/// try writer.append(weightBytes)
/// try writer.append(biasBytes)
/// try writer.finish()
/// ```
///
/// The same tensors, metadata and bytes give the same file.
///
/// Source: The safetensors format, https://github.com/huggingface/safetensors, "Format".
public struct SafetensorsWriter: ~Copyable, Sendable {
  /// Where the file will lie.
  public let path: String

  /// How many bytes all tensors have.
  public let declaredByteCount: Int

  /// How many of them have been written.
  public private(set) var writtenByteCount = 0

  private let output: TemporaryFile
  private let dataOffset: Int

  /// Makes the temporary file and writes the header.
  ///
  /// - Parameters:
  ///   - path: Where the file shall lie; a file that is there already is replaced in ``finish()``.
  ///   - tensors: What will be written, in the order of the bytes.
  ///   - metadata: Free text for the header; it is written in the order of its keys.
  /// - Throws: ``SafetensorsError``: ``SafetensorsError/cannotWrite(path:code:)`` when the system
  ///   says no, ``SafetensorsError/notARegularFile(path:kind:)`` when the name is taken by
  ///   something else, and otherwise when the tensors do not make a sound file.
  /// - Complexity: O(h) time and memory for a header of h bytes.
  public init(
    path: String, tensors: [TensorDescription], metadata: [String: String] = [:]
  ) throws(SafetensorsError) {
    let header = try encodedHeader(of: tensors, metadata: metadata, path: path)
    if let kind = FileStatus(at: path)?.irregularKind {
      throw .notARegularFile(path: path, kind: kind)
    }

    output = try Self.begunFile(beside: path, startingWith: header.bytes)
    self.path = path
    declaredByteCount = header.dataByteCount
    dataOffset = header.bytes.count
  }

  /// Writes the next bytes of the data, which may be part of a tensor, a tensor, or several.
  ///
  /// After an error the same bytes may be given again.
  ///
  /// - Parameter bytes: Elements as they are stored: little-endian, row after row.
  /// - Throws: ``SafetensorsError/wrongByteCount(path:declaredBytes:givenBytes:)`` when they are
  ///   more than the tensors have left; ``SafetensorsError/cannotWrite(path:code:)`` when the
  ///   system says no.
  public mutating func append(_ bytes: RawSpan) throws(SafetensorsError) {
    guard bytes.byteCount <= declaredByteCount - writtenByteCount else {
      throw .wrongByteCount(
        path: path, declaredBytes: declaredByteCount,
        givenBytes: writtenByteCount + bytes.byteCount)
    }
    do {
      try output.file.write(bytes, at: dataOffset + writtenByteCount)
    } catch {
      throw .cannotWrite(path: path, code: error.code)
    }
    writtenByteCount += bytes.byteCount
  }

  /// Puts the file on the disk and gives it its name.
  ///
  /// - Throws: ``SafetensorsError/wrongByteCount(path:declaredBytes:givenBytes:)`` when bytes are
  ///   missing; ``SafetensorsError/cannotWrite(path:code:)`` when the system says no. Nothing is
  ///   left then.
  public consuming func finish() throws(SafetensorsError) {
    guard writtenByteCount == declaredByteCount else {
      throw .wrongByteCount(
        path: path, declaredBytes: declaredByteCount, givenBytes: writtenByteCount)
    }
    let path = path
    do {
      try output.finish()
    } catch {
      throw .cannotWrite(path: path, code: error.code)
    }
  }

  private static func begunFile(
    beside path: String, startingWith header: [UInt8]
  ) throws(SafetensorsError) -> TemporaryFile {
    do {
      let output = try TemporaryFile(beside: path)
      // Safe: bytes have no padding.
      try unsafe output.file.write(header.span.bytes, at: 0)
      return output
    } catch {
      throw .cannotWrite(path: path, code: error.code)
    }
  }
}
