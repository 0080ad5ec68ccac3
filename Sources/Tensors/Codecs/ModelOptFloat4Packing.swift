/// NVFP4 as NVIDIA's ModelOpt writes it: floating-point numbers of four bits, a scale in FP8 for each
/// 16 of a row, and a factor for all scales.
///
/// As in the tool, scale * factor is rounded to a `Float` first, and then its product with the
/// number; and minus zero is zero.
///
/// Source: nvidia-modelopt 0.47, `torch/quantization/qtensor/nvfp4_tensor.py`, `dequantize`.
public struct ModelOptFloat4Packing: Packing {
  /// What messages call it.
  public let name = "ModelOpt NVFP4"

  /// The scales, and the factor for all of them.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [NameEnding(adding: "_scale")], .globalScale: [NameEnding(adding: "_scale_2")],
  ]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes numbers of four bits.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    guard stored.values.elementType == .u8, stored.companions[.scales]?.elementType == .f8E4M3
    else { return nil }
    return try stored.nvidiaCodec(
      NibbleCodes.e2m1WithOneZero, globalScale: .multiplies)
  }
}

extension PackedMatrix {
  /// Makes what decodes NVFP4.
  ///
  /// - Parameters:
  ///   - codes: What the four bits stand for.
  ///   - globalScale: What the factor for all scales does to them.
  /// - Returns: The codec.
  /// - Throws: What is wrong with the matrix.
  func nvidiaCodec(
    _ codes: [SIMD2<Float>], globalScale: BlockScaledCodec.GlobalScale
  ) throws(PackingProblem) -> BlockScaledCodec {
    try expectHalves()
    let block = ScaleBlock(rows: 1, columns: 16)
    let scales = try part(.scales, [.f8E4M3], shapes: [block.grid(of: self)])
    _ = try part(.globalScale, [.f32], shapes: [[1], [], [1, 1]])
    return BlockScaledCodec(
      name: "NVFP4, \(block.words(for: self)) and one for all", codes: .nibbles(codes),
      rowByteCount: columnCount.divided(by: 2), block: block, scaleType: scales.elementType,
      globalScale: globalScale)
  }
}
