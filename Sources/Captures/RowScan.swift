import Tensors

/// Finds the rows of a matrix that hold nothing, and long runs of rows that are the same.
///
/// It looks at bits, not at what they mean: rows that padding left may well hold NaN.
struct RowScan {
  /// So many rows in a row that are the same are no chance.
  private static let longRun = 3
  /// So many values are read at once, unless a row is longer.
  private static let pieceCount = 1 << 17

  /// The rows that hold nothing, in runs.
  private(set) var blank: [Range<Int>] = []
  /// Long runs of rows that are the same.
  private(set) var repeated: [Range<Int>] = []

  /// The number of rows that hold nothing.
  var blankCount: Int { blank.reduce(0) { $0 + $1.count } }

  /// Looks at every row of a matrix.
  ///
  /// - Parameter matrix: The matrix, of which every stored row is looked at.
  /// - Throws: The file's error when it cannot be read.
  /// - Complexity: O(values) to read, mostly O(rows) to compare; memory for half a mebibyte of
  ///   values, or two rows where they are longer, and for each run.
  init(of matrix: ActivationRows) throws {
    let width = matrix.width
    let rowCount = matrix.storedRowCount
    let atOnce = min(rowCount, max(1, Self.pieceCount / width))
    var reader = RowReader()
    // The last row of one piece stays before the first of the next.
    var values = [Float](repeating: 0, count: (atOnce + 1) * width)
    var runStart = 0
    for start in stride(from: 0, to: rowCount, by: atOnce) {
      let rows = start..<min(rowCount, start + atOnce)
      if start > 0 {
        for column in 0..<width { values[column] = values[atOnce * width + column] }
      }
      try reader.read(
        rows: rows, of: matrix.tensor, in: matrix.file, into: &values, at: width)
      for row in rows {
        let place = (row - start + 1) * width
        if Self.isBlank(values.span, place..<place + width, matrix.mayBarExperts) {
          Self.append(row, to: &blank)
        }
        if row > 0, !Self.isSame(values.span, place, place - width, count: width) {
          note(runStart..<row)
          runStart = row
        }
      }
    }
    note(runStart..<rowCount)
  }

  private mutating func note(_ run: Range<Int>) {
    if run.count >= Self.longRun { repeated.append(run) }
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

  private static func isSame(
    _ values: borrowing Span<Float>, _ place: Int, _ other: Int, count: Int
  ) -> Bool {
    for column in 0..<count
    where values[place + column].bitPattern != values[other + column].bitPattern {
      return false
    }
    return true
  }
}
