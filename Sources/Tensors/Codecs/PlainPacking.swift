/// Numbers as they are: F64, F32, F16 or BF16, row after row.
public struct PlainPacking: Packing {
  /// What messages call it.
  public let name = "plain"

  /// Under the plain name, or that of blocks: transformers 5 saves gpt-oss in BF16 under the names
  /// of packed values.
  public let values = [NameEnding.same, NameEnding(adding: "_blocks")]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes plain numbers.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    guard stored.values.elementType.isDecodable else { return nil }
    let shape = [stored.rowCount, stored.columnCount]
    guard stored.values.shape == shape else { throw .wrongShape(nil, expected: shape) }
    return PlainCodec()
  }
}

/// Decodes numbers that are stored as they are.
public struct PlainCodec: Codec {
  /// How the numbers are stored.
  public let name = "plain"

  /// Makes the codec.
  public init() {}

  /// Decodes some rows, as ``Tensors/decode(_:of:into:)`` does.
  public func decode(
    _ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>
  ) {
    Tensors.decode(bytes, of: rows.elementType, into: &values)
  }
}
