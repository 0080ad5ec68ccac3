/// NVFP4 as compressed-tensors writes it: floating-point numbers of four bits, a scale in FP8 for each
/// 16 of a row, and a divisor for all scales.
///
/// As in the tool, scale / divisor is rounded to a `Float` first, and then its product with the
/// number.
///
/// Source: compressed-tensors 0.20, `compressors/nvfp4/base.py` and
/// `quantization/lifecycle/forward_helpers.py`, `_dequantize`.
public struct CompressedFloat4Packing: Packing {
  /// What messages call it.
  public let name = "compressed-tensors NVFP4"

  /// The values.
  public let values = [NameEnding(adding: "_packed")]

  /// The scales, and the divisor of all of them.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [NameEnding(adding: "_scale")], .globalScale: [NameEnding(adding: "_global_scale")],
  ]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes numbers of four bits.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    guard stored.values.elementType == .u8, stored.companions[.scales]?.elementType == .f8E4M3
    else { return nil }
    return try stored.nvidiaCodec(NibbleCodes.e2m1, globalScale: .divides)
  }
}
