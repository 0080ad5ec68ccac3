/// MXFP4: floating-point numbers of four bits with a power of two for each 32 of a row, as gpt-oss
/// and DeepSeek-V4 are published and compressed-tensors writes them.
///
/// The lower half of a byte stands before the upper one. Powers are E8M0, in U8 where no better type
/// was known; 255 is NaN as the format has it. transformers would multiply with 2^128 instead, which
/// leaves a few of the numbers finite; but a block so marked holds no numbers.
///
/// Source: OCP Microscaling Formats 1.0; transformers 5.24, `integrations/mxfp4.py`
/// (`convert_moe_packed_tensors`) and `integrations/finegrained_fp8.py` (`Fp8Dequantize`);
/// compressed-tensors 0.20, `mxfp4-pack-quantized`.
public struct MicroscaledFloat4Packing: Packing {
  /// What messages call it.
  public let name = "MXFP4"

  /// The values, as gpt-oss, DeepSeek-V4 and compressed-tensors call them.
  public let values = [NameEnding(adding: "_blocks"), .same, NameEnding(adding: "_packed")]

  /// The powers, in the same order.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [
      NameEnding(adding: "_scales"), NameEnding(".scale", insteadOf: ".weight"),
      NameEnding(adding: "_scale"),
    ]
  ]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes numbers of four bits.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    let type = stored.values.elementType
    let scaleType = stored.companions[.scales]?.elementType
    // Blocks of two axes for each row are of this packing alone.
    let isBlocked = type == .u8 && stored.values.shape.count == 3
    guard isBlocked || [.u8, .i8, .f4].contains(type) && (scaleType?.isPower ?? false) else {
      return nil
    }
    let block = ScaleBlock(rows: 1, columns: 32)
    let groupCount = stored.columnCount.divided(by: 32)
    if isBlocked {
      // Only whole blocks are stored so.
      try stored.expectValues([stored.rowCount, groupCount, 16])
    } else {
      try stored.expectHalves()
    }
    let scales = try stored.part(
      .scales, [.u8, .f8E8M0], shapes: [block.grid(of: stored)])
    return BlockScaledCodec(
      name: "MXFP4, \(block.words(for: stored))", codes: .nibbles(NibbleCodes.e2m1),
      rowByteCount: isBlocked ? 16 * groupCount : stored.columnCount.divided(by: 2), block: block,
      scaleType: scales.elementType.orPowers)
  }
}

extension ElementType {
  fileprivate var isPower: Bool { self == .u8 || self == .f8E8M0 }
}

extension PackedMatrix {
  /// Expects values of four bits, two in each byte; or elements of four bits that fill bytes.
  func expectHalves() throws(PackingProblem) {
    let isCounted = values.elementType == .f4 && columnCount.isMultiple(of: 2)
    try expectValues([rowCount, isCounted ? columnCount : columnCount.divided(by: 2)])
  }
}
