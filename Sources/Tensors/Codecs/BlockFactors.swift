/// The factors and zero points of the blocks that some rows lie in.
struct BlockFactors {
  let block: ScaleBlock
  /// The number of blocks beside each other.
  let across: Int
  /// Row after row of blocks.
  private(set) var factors: [Float]
  /// In the same order; empty where there are none.
  private var zeros: [Float] = []
  /// The block of each column, ``across`` where it is not there; empty where blocks follow each
  /// other.
  private var order: [Int] = []
  /// The first row of blocks.
  private let start: Int

  /// Reads what stands beside the values of some rows.
  init(of rows: CodedRows, in codec: BlockScaledCodec) {
    block = codec.block
    across = rows.columnCount.divided(by: block.columns)
    start = rows.range.lowerBound / block.rows
    let end = (rows.range.upperBound - 1) / block.rows + 1
    let range = start * across..<end * across
    factors = [Float](repeating: 1, count: range.count)
    for (role, companion) in zip(codec.companions, rows.companions) {
      switch role {
      case .scales: factors = companion.numbers(range, as: codec.scaleType)
      case .globalScale:
        let global = companion.numbers(0..<1)[0]
        for index in factors.indices {
          if codec.globalScale == .divides { factors[index] /= global }
          if codec.globalScale == .multiplies { factors[index] *= global }
        }
      case .zeros:
        if case .packed(let bitCount) = codec.zeros {
          zeros = Self.unpacked(companion, start..<end, across: across, bitCount: bitCount)
        } else {
          zeros = companion.bytes[range].map { ByteCodes.int8[Int($0)] }
        }
      case .order: order = companion.integers(0..<rows.columnCount)
      case .notes where companion.bytes.contains { $0 != 0 }:
        factors = [Float](repeating: .nan, count: range.count)
      default: break
      }
    }
    // compressed-tensors writes -1 where groups follow each other.
    if order.contains(-1) { order = [] }
    for place in order.indices where order[place] < 0 || order[place] >= across {
      order[place] = across
    }
  }

  private static func unpacked(
    _ words: CodedRows.Companion, _ blocks: Range<Int>, across: Int, bitCount: Int
  ) -> [Float] {
    let together = 32 / bitCount
    let half = 1 << (bitCount - 1)
    return blocks.flatMap { row in
      let first = row / together * across
      return words.words(first..<first + across).map { word in
        Float((Int(word) >> (bitCount * (row % together))) & (2 * half - 1) - half)
      }
    }
  }

  /// Whether numbers are to be multiplied with the factor of their block, and that is all.
  var areOneFactor: Bool { zeros.isEmpty && order.isEmpty }

  /// The place of a row's first factor.
  func first(ofRow row: Int) -> Int { (row / block.rows - start) * across }

  /// Takes zero points away from the numbers of a row, and multiplies them with their factors.
  ///
  /// A column whose block is not there becomes NaN.
  func scale(_ place: UnsafeMutablePointer<Float>, count: Int, first: Int) {
    if !order.isEmpty { return unsafe scaleInOrder(place, count: count, first: first) }
    unsafe factors.withUnsafeBufferPointer { factors in
      // Safe: a row has a factor for each block, and each block ends in the row.
      guard var factor = factors.baseAddress else { return }
      unsafe factor += first
      if block.columns == 1 && zeros.isEmpty {
        for column in 0..<count { unsafe place[column] *= factor[column] }
        return
      }
      var start = 0
      for group in 0..<across {
        let end = start + min(block.columns, count - start)
        let zero = zeros.isEmpty ? 0 : zeros[first + group]
        let factor = unsafe factor[group]
        for column in start..<end { unsafe place[column] = (place[column] - zero) * factor }
        start = end
      }
    }
  }

  private func scaleInOrder(_ place: UnsafeMutablePointer<Float>, count: Int, first: Int) {
    // A place more than there are blocks, for columns whose block is not there.
    var pairs = (first..<first + across).map { SIMD2(factors[$0], zeros.isEmpty ? 0 : zeros[$0]) }
    pairs.append(SIMD2(.nan, 0))
    unsafe pairs.withUnsafeBufferPointer { pairs in
      unsafe order.withUnsafeBufferPointer { order in
        for column in 0..<count {
          // Safe: an order is a block, or the place after the last one.
          let pair = unsafe pairs[order[column]]
          unsafe place[column] = (place[column] - pair.y) * pair.x
        }
      }
    }
  }
}
