/// NF4 and FP4 of bitsandbytes: numbers of four bits from a table, with a scale for each block of them.
///
/// Blocks run through the whole matrix, row after row, whatever its rows are; the upper half of a byte
/// stands before the lower one. Where scales are quantised themselves, each is
/// number * scale of scales + offset, rounded after each step as in the tool. The sizes of blocks
/// follow from the numbers of scales; only the offset is read from the notes, a text in JSON.
///
/// The tool's own CPU code takes scales of wrong blocks where rows are not of whole blocks; its other
/// codes do as is done here.
///
/// Source: bitsandbytes 0.50, `functional.py` (`QuantState`, `dequantize_4bit`) and
/// `backends/default/ops.py`.
public struct BitsAndBytesPacking: Packing {
  /// What messages call it.
  public let name = "bitsandbytes"

  /// What stands beside the values.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [NameEnding(adding: ".absmax")],
    .codebook: [NameEnding(adding: ".quant_map")],
    .scalesOfScales: [NameEnding(adding: ".nested_absmax")],
    .codebookOfScales: [NameEnding(adding: ".nested_quant_map")],
    .notes: [
      NameEnding(adding: ".quant_state.bitsandbytes__nf4"),
      NameEnding(adding: ".quant_state.bitsandbytes__fp4"),
    ],
  ]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes numbers of four bits.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    guard stored.companions[.codebook] != nil else { return nil }
    let (count, overflow) = stored.rowCount.multipliedReportingOverflow(by: stored.columnCount)
    guard !overflow else { throw .unsupported("a matrix of more numbers than there can be") }
    // The bytes may be called elements of another type.
    let width = max(1, stored.values.elementType.bitCount / 8)
    try stored.expectValues([count.divided(by: 2).divided(by: width), 1])
    guard count.isMultiple(of: 2) else {
      throw .unsupported("an odd number of values, two in each byte")
    }
    _ = try stored.part(.codebook, [.f32], shapes: [[16]])

    let isNested = stored.companions[.scalesOfScales] != nil
    let scales = try stored.part(.scales, [isNested ? .u8 : .f32])
    guard let size = Self.blockSize(count, scales.shape) else {
      throw .wrongShape(.scales, expected: [count.divided(by: 64)])
    }
    var codec = BitsAndBytesCodec(
      rowCount: stored.rowCount, columnCount: stored.columnCount, blockSize: size)
    if isNested {
      let scaleCount = count.divided(by: size)
      let outer = try stored.part(.scalesOfScales, [.f32])
      guard let size = Self.blockSize(scaleCount, outer.shape) else {
        throw .wrongShape(.scalesOfScales, expected: [scaleCount.divided(by: 256)])
      }
      _ = try stored.part(.codebookOfScales, [.f32], shapes: [[256]])
      _ = try stored.part(.notes, [.u8])
      codec.scaleBlockSize = size
    }
    return codec
  }

  /// The size of blocks, a power of two, of which there are as many; where there is only one, the
  /// smallest that holds all.
  private static func blockSize(_ count: Int, _ shape: [Int]) -> Int? {
    (5...12).map { 1 << $0 }.first { shape == [count.divided(by: $0)] }
  }
}

/// Decodes numbers of four bits from a table, with scales for blocks that know nothing of rows.
struct BitsAndBytesCodec: Codec {
  let rowCount: Int
  let columnCount: Int
  let blockSize: Int
  /// How many scales share a scale; nil where scales are plain.
  var scaleBlockSize: Int?

  var name: String {
    "bitsandbytes 4-bit, a \(scaleBlockSize == nil ? "" : "quantised ")scale for \(blockSize)"
  }

  var companions: [CompanionRole] {
    [.scales, .codebook]
      + (scaleBlockSize == nil ? [] : [.scalesOfScales, .codebookOfScales, .notes])
  }

  var rowsTogether: Int { columnCount.isMultiple(of: 2) ? 1 : 2 }

  var valuesAs: PackedMatrix.Part? {
    columnCount.isMultiple(of: 2)
      ? PackedMatrix.Part(.u8, [rowCount, columnCount / 2])
      : PackedMatrix.Part(.u8, [rowCount / 2, columnCount])
  }

  func decode(_ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>) {
    guard !rows.range.isEmpty, columnCount > 0 else { return }
    precondition(rows.range.lowerBound.isMultiple(of: rowsTogether), "a byte that begins before")
    precondition(values.count == rows.range.count * columnCount, "room for other rows")
    let byteCount = rows.range.count.divided(by: rowsTogether) * (rowsTogether * columnCount / 2)
    precondition(bytes.byteCount == byteCount, "rows of another length")
    let (start, count) = (rows.range.lowerBound * columnCount, values.count)
    let blocks = start / blockSize..<(start + count - 1) / blockSize + 1
    let factors = factors(of: blocks, rows.companions)
    let numbers = rows.companions[1].numbers(0..<16)
    let table = NibbleCodes.pairs(of: numbers).map { SIMD2($0.y, $0.x) }
    // Safe: the numbers of bytes and places are checked above, and every block starts at a byte.
    unsafe bytes.withUnsafeBytes { source in
      unsafe values.withUnsafeMutableBufferPointer { target in
        unsafe table.withUnsafeBufferPointer { table in
          guard var stored = source.baseAddress, var place = target.baseAddress else { return }
          for (block, factor) in zip(blocks, factors) {
            let first = max(block * blockSize - start, 0)
            let length = min((block + 1) * blockSize - start, count) - first
            for pair in 0..<length / 2 {
              // Safe: a byte is below 256, and both places inside the block.
              let code = unsafe stored.load(fromByteOffset: pair, as: UInt8.self)
              unsafe UnsafeMutableRawPointer(place + 2 &* pair).storeBytes(
                of: table[Int(code)] * factor, as: SIMD2<Float>.self)
            }
            if !length.isMultiple(of: 2) {
              // Safe: the last place of all, which has the upper half of its byte.
              let code = unsafe stored.load(fromByteOffset: length / 2, as: UInt8.self)
              unsafe place[length - 1] = table[Int(code)].x * factor
            }
            unsafe stored += length / 2
            unsafe place += length
          }
        }
      }
    }
  }

  private func factors(
    of blocks: Range<Int>, _ companions: [CodedRows.Companion]
  ) -> [Float] {
    guard let scaleBlockSize else { return companions[0].numbers(blocks) }
    let numbers = companions[3].numbers(0..<256)
    let outer = companions[2].numbers(0..<companions[2].count)
    let offset = companions[4].nestedOffset
    return blocks.map { block in
      numbers[Int(companions[0].bytes[block])] * outer[block / scaleBlockSize] + offset
    }
  }
}

extension CodedRows.Companion {
  /// The number called `nested_offset` in a text in JSON; NaN where there is none.
  fileprivate var nestedOffset: Float {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let key = text.firstRange(of: "\"nested_offset\":") else { return .nan }
    let number = text[key.upperBound...].drop { $0 == " " }
      .prefix { "+-.0123456789eE".contains($0) }
    return Double(number).map { Float($0) } ?? .nan
  }
}
