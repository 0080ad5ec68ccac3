/// GPTQ: integers of two, four or eight bits, packed down the inputs into words of 32 bits, with a
/// scale and a zero point for each output and group of inputs.
///
/// The first input of a word has its lowest bits. `g_idx` tells the group of each input; an input
/// whose group is not there becomes NaN. The first version of the format stores zero points less one,
/// taken away from whole words; the second, `gptq_v2`, stores them as they are, and so does auto-round
/// unless it writes for others.
///
/// Source: auto-round 0.16, `auto_round_extension/torch/qlinear_torch_zp.py` (first version) and
/// `qlinear_torch.py` (second); gptqmodel 7.7, `utils/model.py`, `convert_gptq_v1_to_v2_format`.
public struct GPTQPacking: Packing {
  /// What messages call it.
  public let name = "GPTQ"

  /// The values.
  public let values = [NameEnding(".qweight", insteadOf: ".weight")]

  /// What stands beside them.
  public let companions: [CompanionRole: [NameEnding]] = [
    .scales: [NameEnding(".scales", insteadOf: ".weight")],
    .zeros: [NameEnding(".qzeros", insteadOf: ".weight")],
    .order: [NameEnding(".g_idx", insteadOf: ".weight")],
  ]

  /// Inputs before outputs.
  public let isTransposed = true

  /// The words for the first version in config.json, `packing_format` of auto-round among them.
  private static let firstVersions = ["gptq", "auto_round:gptq", "auto_round:auto_gptq"]
  private static let versions =
    firstVersions + ["gptq_v2", "auto_round", "auto_round:gptqmodel"]

  /// Makes the packing.
  public init() {}

  /// Makes what decodes integers.
  public func codec(of stored: PackedMatrix) throws(PackingProblem) -> (any Codec)? {
    guard stored.values.elementType == .i32, !stored.isOfAWQ else { return nil }
    func shape(_ bitCount: Int) -> [Int] {
      [stored.rowCount.words(ofBits: bitCount), stored.columnCount]
    }
    let found = stored.bitCount { shape($0) == stored.values.shape }
    let version = stored.notes.version?.lowercased() ?? "gptq"
    guard Self.versions.contains(version) else {
      throw .unsupported("GPTQ integers in the form of \(version)")
    }
    guard let bitCount = found else { throw .wrongShape(nil, expected: shape(stored.usualBits)) }
    guard 32.isMultiple(of: bitCount) else {
      throw .unsupported("GPTQ integers of \(bitCount) bits")
    }

    let together = 32 / bitCount
    let hasOrder = stored.companions[.order] != nil
    let groupSize = try stored.groupSize(hasOrder: hasOrder)
    let groupCount = stored.companions[.scales]?.shape[0] ?? 0
    _ = try stored.part(
      .zeros, [.i32], shapes: [[groupCount, stored.columnCount.divided(by: together)]])
    if hasOrder { _ = try stored.part(.order, [.i32, .i64], shapes: [[stored.rowCount]]) }
    let ones = (0..<together).reduce(UInt32(0)) { $0 | 1 << UInt32(bitCount * $1) }
    return GPTQCodec(
      groups: GroupedIntegers(
        bitCount: bitCount, groupSize: groupSize, places: Array(0..<together),
        zeroOffset: Self.firstVersions.contains(version) ? ones : 0))
  }
}

/// Decodes integers that are packed down the rows.
struct GPTQCodec: Codec {
  let groups: GroupedIntegers

  var name: String {
    let size = groups.groupSize.map { "groups of \($0)" } ?? "groups in an order of their own"
    return "GPTQ int\(groups.bitCount), \(size)"
  }

  var companions: [CompanionRole] {
    groups.groupSize == nil ? [.scales, .zeros, .order] : [.scales, .zeros]
  }

  var rowsTogether: Int { 32 / groups.bitCount }

  var rounding: Rounding? { groups.rounding }

  func decode(_ bytes: RawSpan, of rows: CodedRows, into values: inout MutableSpan<Float>) {
    let columnCount = rows.columnCount
    guard !rows.range.isEmpty, columnCount > 0 else { return }
    precondition(rows.range.lowerBound.isMultiple(of: rowsTogether), "a word that begins before")
    precondition(
      bytes.byteCount == rows.range.count.divided(by: rowsTogether) * columnCount * 4,
      "rows of another length")
    precondition(values.count == rows.range.count * columnCount, "room for other rows")
    let mask = UInt32(1) << groups.bitCount - 1
    let table = groups.rows(for: rows)
    // Safe: the numbers of bytes and places are checked above.
    unsafe bytes.withUnsafeBytes { source in
      unsafe values.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        for row in 0..<rows.range.count {
          let (place, inWord) = row.quotientAndRemainder(dividingBy: rowsTogether)
          let words = unsafe source + 4 * place * columnCount
          let shift = UInt32(inWord * groups.bitCount)
          unsafe table.scale(target + row * columnCount, ofRow: row, count: columnCount) { column in
            // Safe: below the number of columns.
            let word = unsafe words.loadUnaligned(fromByteOffset: 4 &* column, as: UInt32.self)
            return UInt32(littleEndian: word) &>> shift & mask
          }
        }
      }
    }
  }
}
