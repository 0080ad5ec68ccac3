public import Tensors

/// A weight matrix of a checkpoint that can be read: a tensor of its own, stored out x in.
public struct Weight: Sendable {
  /// The file that holds it.
  public let file: any TensorFile

  /// Its name, type and shape: rows x columns.
  public let tensor: TensorDescription

  /// The number of rows.
  public var rowCount: Int { tensor.shape[0] }

  /// The number of columns.
  public var columnCount: Int { tensor.shape[1] }

  /// The file and the tensor, for messages.
  public var place: String { "\(file.path): tensor '\(tensor.name)'" }
}

/// A matrix and the memory that it is read through, used again for one weight after the other.
public struct WeightBuffer: Sendable {
  /// The weight that was read last, row after row.
  public private(set) var matrix = Matrix<Float>(rowCount: 0, columnCount: 0)

  private var chunk: [UInt8] = []

  /// So many bytes are read and decoded at a time: they stay in the second-level cache between the
  /// two.
  private static let chunkByteCount = 1 << 19

  /// Makes an empty buffer.
  public init() {}

  /// Reads a weight and converts it to single precision.
  ///
  /// - Parameter weight: Any weight of a checkpoint.
  /// - Throws: The file's error when the bytes cannot be read; the matrix then holds nothing of
  ///   use.
  /// - Complexity: O(rows * columns); one pass over the bytes.
  public mutating func read(_ weight: Weight) throws {
    let rows = weight.rowCount
    let columns = weight.columnCount
    if matrix.rowCount != rows || matrix.columnCount != columns {
      // Let go of the old storage first: two large matrices at once are not needed.
      matrix = Matrix(rowCount: 0, columnCount: 0)
      matrix = Matrix(rowCount: rows, columnCount: columns)
    }
    let rowByteCount = columns * weight.tensor.elementType.bitCount / 8
    guard rows > 0, rowByteCount > 0 else { return }
    let rowsAtOnce = max(1, Self.chunkByteCount / rowByteCount)
    if chunk.count < rowsAtOnce * rowByteCount {
      chunk = [UInt8](repeating: 0, count: rowsAtOnce * rowByteCount)
    }
    var first = 0
    while first < rows {
      let last = min(rows, first + rowsAtOnce)
      let byteCount = (last - first) * rowByteCount
      try Self.read(first..<last, of: weight, into: &chunk, byteCount: byteCount)
      Self.decodeChunk(
        chunk, byteCount: byteCount, of: weight.tensor.elementType, into: &matrix.elements,
        from: first * columns)
      first = last
    }
  }

  private static func read(
    _ rows: Range<Int>, of weight: Weight, into chunk: inout [UInt8], byteCount: Int
  ) throws {
    var space = chunk.mutableSpan
    var part = space._mutatingExtracting(0..<byteCount)
    var bytes = unsafe part.mutableBytes
    try weight.file.read(rows: rows, of: weight.tensor, into: &bytes)
  }

  private static func decodeChunk(
    _ chunk: [UInt8], byteCount: Int, of type: ElementType, into elements: inout [Float],
    from start: Int
  ) {
    var space = elements.mutableSpan
    var values = space._mutatingExtracting(start..<start + byteCount * 8 / type.bitCount)
    unsafe decode(chunk.span.bytes.extracting(0..<byteCount), of: type, into: &values)
  }
}
