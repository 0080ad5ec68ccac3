/// AWQ: integers of four bits, eight outputs in each word of 32 bits, with a scale and a zero point
/// for each output and group of inputs.
///
/// Of the eight outputs of a word, counted from its lowest bits, the first stands for output 0, the
/// next for 2, 4, 6, 1, 3, 5 and 7. Zero points are packed likewise. That is what the versions `gemm`,
/// `exllama` and `ipex` store; `gemv` and others arrange words for their own programs.
///
/// Source: autoawq 0.2.9, `awq/utils/packing_utils.py`, `dequantize_gemm`.
public struct AWQPacking: Packing {
  /// What messages call it.
  public let name = "AWQ"

  /// The values.
  public let values = [NameEnding(".qweight", insteadOf: ".weight")]

  /// What stands beside them.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [NameEnding(".scales", insteadOf: ".weight")],
    .zeros: [NameEnding(".qzeros", insteadOf: ".weight")],
  ]

  /// Inputs before outputs.
  public let isTransposed = true

  /// Makes the packing.
  public init() {}

  /// Makes what decodes integers.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    guard stored.isOfAWQ else { return nil }
    let version = stored.notes.version?.lowercased()
    let read = ["gemm", "exllama", "exllamav2", "ipex", "auto_round:awq", "auto_round:auto_awq"]
    if stored.notes.isOfAWQ, let version, !read.contains(version) {
      throw .unsupported("AWQ integers in the form of \(version)")
    }
    if stored.values.elementType == .i16
      || stored.values.shape == [stored.columnCount, stored.rowCount.divided(by: 8)]
        && stored.values.shape != [stored.rowCount, stored.columnCount.divided(by: 8)]
    {
      throw .unsupported("AWQ integers in the form of gemv")
    }
    guard stored.values.elementType == .i32 else { throw .wrongType(nil, expected: [.i32]) }
    func shape(_ bitCount: Int) -> [Int] {
      [stored.rowCount, stored.columnCount.words(ofBits: bitCount)]
    }
    let found = stored.bitCount { shape($0) == stored.values.shape }
    guard let bitCount = found else { throw .wrongShape(nil, expected: shape(4)) }
    guard bitCount == 4 else { throw .unsupported("AWQ integers of \(bitCount) bits") }
    let wordCount = stored.columnCount.divided(by: 8)
    let groupSize = try stored.groupSize(hasOrder: false)
    let groupCount = stored.companions[.scales]?.shape[0] ?? 0
    _ = try stored.part(.zeros, [.i32], shapes: [[groupCount, wordCount]])
    return AWQCodec(
      groups: GroupedIntegers(
        bitCount: 4, groupSize: groupSize, places: [0, 4, 1, 5, 2, 6, 3, 7], zeroOffset: 0))
  }
}

/// Decodes integers of four bits whose words hold eight columns in AWQ's order.
struct AWQCodec: Codec {
  let groups: GroupedIntegers
  let companions: [CompanionRole] = [.scales, .zeros]

  var name: String { "AWQ int4, groups of \(groups.groupSize ?? 0)" }

  var rounding: Rounding? { groups.rounding }

  func decode(_ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>) {
    let columnCount = rows.columnCount
    guard !rows.range.isEmpty, columnCount > 0 else { return }
    let wordCount = columnCount.divided(by: 8)
    precondition(bytes.byteCount == rows.range.count * wordCount * 4, "rows of another length")
    precondition(values.count == rows.range.count * columnCount, "room for other rows")
    let table = groups.rows(for: rows)
    // The eight integers of a word, in their order.
    var integers = [UInt32](repeating: 0, count: 8 * wordCount)
    // Safe: the numbers of bytes and places are checked above.
    unsafe bytes.withUnsafeBytes { source in
      unsafe values.withUnsafeMutableBufferPointer { target in
        unsafe integers.withUnsafeMutableBufferPointer { integers in
          guard let source = source.baseAddress, let target = target.baseAddress,
            let integers = integers.baseAddress
          else { return }
          for row in 0..<rows.range.count {
            let words = unsafe source + 4 * row * wordCount
            for index in 0..<wordCount {
              // Safe: below the number of words.
              let word = unsafe UInt32(
                littleEndian: words.loadUnaligned(fromByteOffset: 4 &* index, as: UInt32.self))
              // Columns 2k and 2k + 1 stand 16 bits apart.
              let even = SIMD4(word, word &>> 4, word &>> 8, word &>> 12)
              var ordered = SIMD8<UInt32>()
              ordered.evenHalf = even & 15
              ordered.oddHalf = even &>> 16 & 15
              unsafe UnsafeMutableRawPointer(integers + 8 &* index).storeBytes(
                of: ordered, as: SIMD8<UInt32>.self)
            }
            unsafe table.scale(target + row * columnCount, ofRow: row, count: columnCount) {
              // Safe: below the number of columns.
              unsafe integers[$0]
            }
          }
        }
      }
    }
  }
}

extension QuantizationNotes {
  fileprivate var isOfAWQ: Bool {
    [method, version].contains { $0?.lowercased().contains("awq") ?? false }
  }
}

extension PackedMatrix {
  /// Whether the matrix is AWQ's and not GPTQ's, whose tensors have the same names.
  var isOfAWQ: Bool {
    if notes.isOfAWQ { return true }
    let isGPTQ = notes.method?.lowercased().contains("gptq") ?? false
    return !isGPTQ && companions[.order] == nil
      && values.shape == [rowCount, columnCount.divided(by: 8)]
  }
}
