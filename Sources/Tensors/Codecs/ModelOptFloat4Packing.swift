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

  /// The scales, and the factor for all of them; under longer names beside stacked experts.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [NameEnding(adding: "_scale"), NameEnding(adding: "_weight_scale")],
    .globalScale: [NameEnding(adding: "_scale_2"), NameEnding(adding: "_weight_scale_2")],
  ]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes numbers of four bits.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    guard stored.values.elementType == .u8, let scales = stored.companions[.scales] else {
      return nil
    }
    if scales.elementType.isDecodable {
      try stored.refuseRowsTogether()
      return nil
    }
    guard scales.elementType == .f8E4M3 else { return nil }
    return try stored.nvidiaCodec(
      NibbleCodes.e2m1WithOneZero, globalScale: .multiplies)
  }
}

extension PackedMatrix {
  /// Refuses integers of which several rows share a byte, under the names of NVFP4.
  ///
  /// Source: nvidia-modelopt 0.47, `torch/export/quant_utils.py`, `pack_int4_in_uint8`; transformers
  /// 5.24, `integrations/bitnet.py`, `pack_weights`.
  fileprivate func refuseRowsTogether() throws(PackingProblem) {
    guard rowCount > 1 else { return }
    if values.shape == [rowCount.divided(by: 2), columnCount] {
      throw .unsupported("ModelOpt integers of 4 bits")
    }
    if values.shape == [rowCount.divided(by: 4), columnCount] {
      throw .unsupported("BitNet integers of 2 bits")
    }
  }

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
