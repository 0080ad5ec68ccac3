/// LLM.int8 of bitsandbytes: integers of eight bits with the largest magnitude of each row, which 127
/// stands for.
///
/// As in the tool, integer * magnitude is rounded to a `Float`, and then its product with the `Float`
/// nearest to 1 / 127. Orders of bytes other than rows, which `weight_format` tells of in old files,
/// cannot be told from shapes: all numbers become NaN.
///
/// Source: bitsandbytes 0.50, `_ops.py`, `int8_vectorwise_dequant`.
public struct BitsAndBytesIntegersPacking: Packing {
  /// What messages call it.
  public let name = "LLM.int8"

  /// What stands beside the values.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [NameEnding(".SCB", insteadOf: ".weight")],
    .notes: [NameEnding(adding: "_format")],
  ]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes integers.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    guard stored.values.elementType == .i8, stored.companions[.scales] != nil else { return nil }
    try stored.expectValues([stored.rowCount, stored.columnCount])
    _ = try stored.part(.scales, [.f32], shapes: [[stored.rowCount], [stored.rowCount, 1]])
    let block = ScaleBlock(rows: 1, columns: max(1, stored.columnCount))
    return BlockScaledCodec(
      name: "LLM.int8, \(block.words(for: stored))", codes: .bytes(ByteCodes.int8),
      rowByteCount: stored.columnCount, block: block, scaleType: .f32,
      hasFormat: stored.companions[.notes] != nil, lastFactor: 7.874015718698502e-3)
  }
}
