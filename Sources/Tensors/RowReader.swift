/// Reads rows of a tensor as single precision, through memory that is used again.
public struct RowReader: Sendable {
  private var chunk: [UInt8] = []

  /// So many bytes are read and decoded at a time: they stay in the second-level cache between the
  /// two.
  private static let chunkByteCount = 1 << 19

  /// Makes a reader without memory.
  public init() {}

  /// Reads consecutive slices along a tensor's first axis and converts them to single precision.
  ///
  /// - Parameters:
  ///   - rows: The slices to read; within `0..<rowCount` of the tensor.
  ///   - tensor: A tensor of the file, of a type that can be decoded.
  ///   - file: The file.
  ///   - elements: Where the values go, slice after slice.
  ///   - start: The place of the first value.
  /// - Throws: The file's error when the bytes cannot be read; the places then hold nothing of use.
  /// - Precondition: ``ElementType/isDecodable`` holds for the type, and the places exist.
  /// - Complexity: O(elements read); one pass over the bytes.
  public mutating func read(
    rows: Range<Int>, of tensor: TensorDescription, in file: any TensorFile,
    into elements: inout [Float], at start: Int = 0
  ) throws {
    let rowByteCount = tensor.rowCount == 0 ? 0 : tensor.byteCount / tensor.rowCount
    guard !rows.isEmpty, rowByteCount > 0 else { return }
    let width = rowByteCount * 8 / tensor.elementType.bitCount
    let rowsAtOnce = max(1, min(rows.count, Self.chunkByteCount / rowByteCount))
    if chunk.count < rowsAtOnce * rowByteCount {
      chunk = [UInt8](repeating: 0, count: rowsAtOnce * rowByteCount)
    }
    var first = rows.lowerBound
    while first < rows.upperBound {
      let last = min(rows.upperBound, first + rowsAtOnce)
      let byteCount = (last - first) * rowByteCount
      try fill(byteCount, with: first..<last, of: tensor, in: file)
      decodeChunk(
        byteCount, of: tensor.elementType, into: &elements,
        at: start + (first - rows.lowerBound) * width)
      first = last
    }
  }

  private mutating func fill(
    _ byteCount: Int, with rows: Range<Int>, of tensor: TensorDescription, in file: any TensorFile
  ) throws {
    var space = chunk.mutableSpan
    var part = space._mutatingExtracting(0..<byteCount)
    // Safe: any bytes are sound elements.
    var bytes = unsafe part.mutableBytes
    try file.read(rows: rows, of: tensor, into: &bytes)
  }

  private func decodeChunk(
    _ byteCount: Int, of type: ElementType, into elements: inout [Float], at start: Int
  ) {
    var space = elements.mutableSpan
    var values = space._mutatingExtracting(start..<start + byteCount * 8 / type.bitCount)
    // Safe: any bytes are sound elements.
    unsafe decode(chunk.span.bytes.extracting(0..<byteCount), of: type, into: &values)
  }
}
