/// Reads rows of a tensor of plain numbers as single precision, through memory that is used again.
public struct RowReader: Sendable {
  private var chunks = ChunkReader()

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
    let type = tensor.elementType
    var place = start
    try chunks.forEachChunk(of: TensorSlice(rows: rows), of: tensor, in: file) { bytes, _ in
      let count = bytes.byteCount * 8 / type.bitCount
      var space = elements.mutableSpan
      var values = space._mutatingExtracting(place..<place + count)
      decode(bytes, of: type, into: &values)
      place += count
    }
  }
}
