/// Integers of four or eight bits in words of 32, as compressed-tensors packs them: Kimi-K2-Thinking
/// and most int4 forms by llm-compressor.
///
/// The first column of a word has its lowest bits, and a row ends with its last word. Half the range
/// is added to values and to zero points, which are packed down the columns.
///
/// Source: compressed-tensors 0.20, `compressors/pack_quantized`; of 0.9 the order of inputs
/// (`weight_g_idx`), where -1 says that there is none. An input whose group is not there becomes NaN.
public struct CompressedIntegersPacking: Packing {
  /// What messages call it.
  public let name = "compressed-tensors integers"

  /// The values.
  public let values = [NameEnding(adding: "_packed")]

  /// What stands beside them.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [NameEnding(adding: "_scale")], .zeros: [NameEnding(adding: "_zero_point")],
    .order: [NameEnding(adding: "_g_idx")], .shape: [NameEnding(adding: "_shape")],
  ]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes integers.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    guard stored.values.elementType == .i32 else { return nil }
    func shape(_ bitCount: Int) -> [Int] {
      [stored.rowCount, stored.columnCount.words(ofBits: bitCount)]
    }
    let found = stored.bitCount { shape($0) == stored.values.shape }
    guard let bitCount = found else { throw .wrongShape(nil, expected: shape(stored.usualBits)) }
    guard bitCount == 4 || bitCount == 8 else {
      throw .unsupported("compressed-tensors integers of \(bitCount) bits")
    }
    return try stored.integerCodec(
      "int\(bitCount)",
      codes: bitCount == 4 ? .nibbles(NibbleCodes.offset8) : .bytes(ByteCodes.offset128),
      bitCount: bitCount, rowByteCount: stored.values.shape[1] * 4)
  }
}

extension PackedMatrix {
  /// Makes what decodes integers as compressed-tensors scales them.
  ///
  /// - Parameters:
  ///   - words: What messages call the integers.
  ///   - codes: What the bits stand for.
  ///   - bitCount: How many bits an integer has, and a packed zero point.
  ///   - rowByteCount: How many bytes a row takes.
  /// - Returns: The codec.
  /// - Throws: What is wrong with the matrix.
  func integerCodec(
    _ words: String, codes: BlockScaledCodec.Codes, bitCount: Int, rowByteCount: Int
  ) throws(PackingProblem) -> BlockScaledCodec {
    let scales = try part(.scales, [.bf16, .f16, .f32])
    let block = try scaleBlock(usual: [])
    var codec = BlockScaledCodec(
      name: "\(words), \(block.words(for: self))", codes: codes, rowByteCount: rowByteCount,
      block: block, scaleType: scales.elementType)
    if let zeros = companions[.zeros] {
      let grid = block.grid(of: self)
      if zeros.elementType == .i32 {
        let shape = [grid[0].divided(by: 32 / bitCount), grid[1]]
        _ = try part(.zeros, [.i32], shapes: [shape])
        codec.zeros = .packed(bitCount: bitCount)
      } else {
        _ = try part(.zeros, [.i8, .i32], shapes: [scales.shape])
        codec.zeros = .signed
      }
    } else if notes.hasZeros == true {
      throw .missing(.zeros)
    }
    if companions[.order] != nil {
      _ = try part(.order, [.i32, .i64], shapes: [[columnCount]])
      codec.hasOrder = true
    } else if notes.hasOrder == true {
      throw .missing(.order)
    }
    return codec
  }
}
