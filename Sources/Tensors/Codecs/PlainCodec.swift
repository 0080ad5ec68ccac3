/// Numbers as they are: F64, F32, F16 or BF16, row after row.
public struct PlainCodec: Codec {
  /// The name by which layouts ask for it.
  public let name = "plain"

  /// Makes the codec.
  public init() {}

  /// Whether it reads values of that stored type.
  public func decodes(_ type: ElementType) -> Bool { type.isDecodable }

  /// The shape of the matrix itself.
  public func shapes(ofRows rowCount: Int, columns columnCount: Int) -> [[Int]] {
    [[rowCount, columnCount]]
  }

  /// Decodes some rows, as ``Tensors/decode(_:of:into:)`` does.
  public func decode(
    _ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>
  ) {
    Tensors.decode(bytes, of: rows.elementType, into: &values)
  }
}
