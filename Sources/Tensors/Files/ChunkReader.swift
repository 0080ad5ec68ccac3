/// Reads a part of a tensor chunk by chunk, through memory that is used again.
public struct ChunkReader: Sendable {
  private var memory: [UInt8] = []
  private let byteLimit: Int

  /// Makes a reader without memory.
  ///
  /// - Parameter byteLimit: The size of a chunk, unless a row is longer. As it is given here, a chunk
  ///   stays in the second-level cache from the reading to its use.
  public init(byteLimit: Int = 1 << 19) {
    self.byteLimit = byteLimit
  }

  /// Reads a part of a tensor, in order.
  ///
  /// Where not every row starts at a byte, chunks do: each but the last holds a number of rows that
  /// fills whole bytes.
  ///
  /// - Parameters:
  ///   - slice: The part; within the tensor.
  ///   - tensor: A tensor of the file.
  ///   - file: The file.
  ///   - body: Takes the bytes of some rows, and which of the tensor's they are.
  /// - Throws: The file's error when bytes cannot be read, and what `body` throws.
  /// - Complexity: O(bytes), in one pass.
  public mutating func forEachChunk(
    of slice: TensorSlice, of tensor: TensorDescription, in file: any TensorFile,
    _ body: (_ bytes: RawSpan, _ rows: Range<Int>) throws -> Void
  ) throws {
    let rowBits =
      tensor.shape.dropFirst(slice.leading.count + 1).reduce(tensor.elementType.bitCount, *)
    guard !slice.rows.isEmpty, rowBits > 0 else { return }
    // 8, 4, 2 or 1: the fewest rows that fill whole bytes.
    let rowsTogether = 8 >> min(3, rowBits.trailingZeroBitCount)
    let groupByteCount = rowBits * rowsTogether / 8
    let rowsAtOnce = max(1, byteLimit / groupByteCount) * rowsTogether
    for first in stride(from: slice.rows.lowerBound, to: slice.rows.upperBound, by: rowsAtOnce) {
      let rows = first..<min(slice.rows.upperBound, first + rowsAtOnce)
      let byteCount = (rows.count * rowBits + 7) / 8
      try fill(
        byteCount, with: TensorSlice(rows: rows, leading: slice.leading), of: tensor, in: file)
      let span = memory.span
      // Safe: bytes have no padding.
      try body(unsafe span.bytes.extracting(0..<byteCount), rows)
    }
  }

  private mutating func fill(
    _ byteCount: Int, with slice: TensorSlice, of tensor: TensorDescription,
    in file: any TensorFile
  ) throws {
    if memory.count < byteCount { memory = [UInt8](repeating: 0, count: byteCount) }
    var space = memory.mutableSpan
    var part = space._mutatingExtracting(0..<byteCount)
    // Safe: any bytes are sound elements.
    var bytes = unsafe part.mutableBytes
    try file.read(slice, of: tensor, into: &bytes)
  }
}
