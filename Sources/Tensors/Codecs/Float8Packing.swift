/// Floating-point numbers of eight bits, as DeepSeek-V3 and the FP8 forms of most families are
/// published: with one scale for a block of outputs and inputs, a row, a column, or the whole matrix.
///
/// Where no scale stands beside them the numbers are what the bits say, as a plain cast to FP8 leaves
/// them; but not where config.json names a way of quantising, all of which have scales. Scales in U8
/// are powers of two, as those in F8_E8M0.
///
/// Source: DeepSeek-V3, `inference/kernel.py`, `weight_dequant`; transformers 5.24,
/// `integrations/finegrained_fp8.py`, `Fp8Dequantize`; compressed-tensors 0.20, `float-quantized` and
/// `mxfp8-quantized`; OCP Microscaling Formats 1.0 for E8M0, whose 255 is NaN.
public struct Float8Packing: Packing {
  /// What messages call it.
  public let name = "FP8"

  /// The scales, as DeepSeek, compressed-tensors, ModelOpt in stacks and DeepSeek-V4 call them.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [
      NameEnding(adding: "_scale_inv"), NameEnding(adding: "_scale"),
      NameEnding(adding: "_weight_scale"),
      NameEnding(".scale", insteadOf: ".weight"),
    ]
  ]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes numbers of eight bits.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    let type = stored.values.elementType
    guard type == .f8E4M3 || type == .f8E5M2 else { return nil }
    try stored.expectValues([stored.rowCount, stored.columnCount])
    let words = "FP8 \(type == .f8E4M3 ? "E4M3" : "E5M2")"
    let codes = BlockScaledCodec.Codes.bytes(type == .f8E4M3 ? ByteCodes.e4m3 : ByteCodes.e5m2)
    if stored.companions[.scales] == nil, stored.notes.method == nil {
      return BlockScaledCodec(
        name: words, codes: codes, rowByteCount: stored.columnCount, block: .whole(of: stored))
    }
    let scales = try stored.part(.scales, [.f32, .bf16, .f16, .f8E8M0, .u8])
    let block = try stored.scaleBlock(
      usual: [ScaleBlock(rows: 128, columns: 128), ScaleBlock(rows: 1, columns: 32)])
    return BlockScaledCodec(
      name: "\(words), \(block.words(for: stored))", codes: codes,
      rowByteCount: stored.columnCount, block: block, scaleType: scales.elementType.orPowers)
  }
}
