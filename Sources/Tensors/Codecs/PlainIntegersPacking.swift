/// Integers of eight bits as they are, as compressed-tensors calls `int-quantized`.
///
/// Source: compressed-tensors 0.20, `compressors/naive_quantized/base.py`.
public struct PlainIntegersPacking: Packing {
  /// What messages call it.
  public let name = "int8"

  /// What stands beside the values.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [NameEnding(adding: "_scale")], .zeros: [NameEnding(adding: "_zero_point")],
  ]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes integers.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    guard stored.values.elementType == .i8, stored.companions[.scales] != nil else { return nil }
    try stored.expectValues([stored.rowCount, stored.columnCount])
    return try stored.integerCodec(
      "int8", codes: .bytes(ByteCodes.int8), bitCount: 8, rowByteCount: stored.columnCount)
  }
}
