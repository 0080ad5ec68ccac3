import Tensors

/// Finds the rows of a matrix that hold nothing, and tells rows apart by a hash of each.
///
/// It looks at bits, not at what they mean: rows that padding left may well hold NaN.
struct RowScan {
  /// So many values are read at once, unless a row is longer.
  private static let pieceCount = 1 << 17

  /// The rows that hold nothing, in runs.
  private(set) var blank: [Range<Int>] = []
  /// A hash of the bits of each row; empty where it was not asked for.
  ///
  /// Rows that are the same have the same; that others have, with 64 bits, does not happen.
  private(set) var hashes: [UInt64] = []

  /// The number of rows that hold nothing.
  var blankCount: Int { blank.reduce(0) { $0 + $1.count } }

  /// Looks at every row of a matrix.
  ///
  /// - Parameters:
  ///   - matrix: The matrix, of which every stored row is looked at.
  ///   - hashesRows: Whether rows get a hash.
  /// - Throws: The file's error when it cannot be read.
  /// - Complexity: O(values); memory for half a mebibyte of values, or a row where that is longer,
  ///   for each run, and eight bytes for each row with a hash.
  init(of matrix: ActivationRows, hashesRows: Bool) throws {
    let width = matrix.width
    let rowCount = matrix.storedRowCount
    let atOnce = min(rowCount, max(1, Self.pieceCount / width))
    var reader = RowReader()
    var values = [Float](repeating: 0, count: atOnce * width)
    if hashesRows { hashes.reserveCapacity(rowCount) }
    for start in stride(from: 0, to: rowCount, by: atOnce) {
      let rows = start..<min(rowCount, start + atOnce)
      try reader.read(rows: rows, of: matrix.tensor, in: matrix.file, into: &values)
      for row in rows {
        let places = (row - start) * width..<(row - start + 1) * width
        if Self.isBlank(values.span, places, matrix.mayBarExperts) {
          Self.append(row, to: &blank)
        }
        if hashesRows { hashes.append(Self.hash(of: values.span, places)) }
      }
    }
  }

  /// Long runs of rows that are the same.
  var repeated: [Range<Int>] {
    var runs: [Range<Int>] = []
    var start = 0
    for row in 0..<hashes.count where row + 1 == hashes.count || hashes[row] != hashes[row + 1] {
      if row + 1 - start >= fewestRepeats { runs.append(start..<row + 1) }
      start = row + 1
    }
    return runs
  }

  private static func append(_ row: Int, to runs: inout [Range<Int>]) {
    if let last = runs.last, last.upperBound == row {
      runs[runs.count - 1] = last.lowerBound..<row + 1
    } else {
      runs.append(row..<row + 1)
    }
  }

  /// Whether all values are 0, or all logits are -inf.
  ///
  /// Most rows are told by their first value.
  private static func isBlank(
    _ values: borrowing Span<Float>, _ places: Range<Int>, _ mayBarExperts: Bool
  ) -> Bool {
    let first = values[places.lowerBound]
    guard first == 0 || mayBarExperts && first == -.infinity else { return false }
    for place in places where values[place] != first { return false }
    return true
  }

  /// A hash of all bits of a row.
  ///
  /// Four lanes, because each step of one waits for the step before.
  private static func hash(of values: borrowing Span<Float>, _ places: Range<Int>) -> UInt64 {
    var (a, b, c, d): (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 4)
    var place = places.lowerBound
    while place + 4 <= places.upperBound {
      a = mixed(a, UInt64(values[place].bitPattern))
      b = mixed(b, UInt64(values[place + 1].bitPattern))
      c = mixed(c, UInt64(values[place + 2].bitPattern))
      d = mixed(d, UInt64(values[place + 3].bitPattern))
      place += 4
    }
    while place < places.upperBound {
      a = mixed(a, UInt64(values[place].bitPattern))
      place += 1
    }
    return mixed(mixed(mixed(a, b), c), d)
  }

  /// Takes one more value into a hash, so that states or values that differ end apart.
  private static func mixed(_ state: UInt64, _ value: UInt64) -> UInt64 {
    let product = (state ^ value) &* 0x9E37_79B9_7F4A_7C15
    return product ^ product >> 32
  }
}
