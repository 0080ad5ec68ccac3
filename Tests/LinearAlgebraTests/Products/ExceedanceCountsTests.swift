import LinearAlgebra
import Tensors
import Testing

/// Checks the contract of `addExceedanceCounts(of:thresholds:along:to:)`.
@Suite struct ExceedanceCountsTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// Rows, coordinates and directions; the last two are more products than are held at a time.
  static let sizes = [
    (1, 1, 1), (5, 3, 2), (0, 3, 4), (4, 3, 0), (33, 17, 19), (300, 128, 65), (9000, 4, 300),
    (20, 2, 150_000),
  ]

  /// Small whole numbers, whose products are exact in any order.
  static func whole(_ rowCount: Int, _ columnCount: Int, seed: UInt64) -> Matrix<Float> {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rowCount: rowCount, columnCount: columnCount,
      elements: (0..<rowCount * columnCount).map { _ in Float(generator.next() % 15) - 7 })
  }

  static func naive(
    _ rows: Matrix<Float>, _ thresholds: [Float], _ directions: Matrix<Float>
  ) -> [Int] {
    (0..<directions.rowCount).map { direction in
      (0..<rows.rowCount).count { row in
        var sum: Float = 0
        for place in 0..<rows.columnCount {
          sum += rows[row, place] * directions[direction, place]
        }
        return abs(sum) > thresholds[row]
      }
    }
  }

  @Test("are those of plain loops", arguments: sizes, [1, 2] as [UInt64])
  func againstLoops(size: (rows: Int, coordinates: Int, directions: Int), seed: UInt64) {
    let rows = Self.whole(size.rows, size.coordinates, seed: seed)
    let directions = Self.whole(size.directions, size.coordinates, seed: seed + 10)
    // Whole thresholds are met exactly now and then, which is not more than.
    var generator = SeededGenerator(seed: seed + 20)
    let thresholds = (0..<size.rows).map { _ in Float(generator.next() % 80) - 3 }
    var counts = [Int](repeating: 0, count: size.directions)
    addExceedanceCounts(of: rows, thresholds: thresholds, along: directions, to: &counts)
    let expected = Self.naive(rows, thresholds, directions)
    expectEqual(counts, expected)
    // Counts are added to what is there.
    addExceedanceCounts(of: rows, thresholds: thresholds, along: directions, to: &counts)
    expectEqual(counts, expected.map { 2 * $0 })
  }

  /// Reports one difference: a list of them all would take longer than the test.
  func expectEqual(_ counts: [Int], _ expected: [Int]) {
    #expect(counts.count == expected.count)
    let wrong = zip(counts, expected).enumerated().first { $1.0 != $1.1 }
    #expect(wrong == nil)
  }

  @Test("of many rows along an isotropic direction meet their expectation")
  func isotropic() {
    let (rowCount, d) = (4000, 64)
    let rows = Matrix<Float>.random(rowCount, d, seed: 3)
    let directions = Matrix<Float>(
      rowCount: 2, columnCount: d,
      elements: (0..<2 * d).map { $0 == 5 || $0 == d + 9 ? 1 : 0 })
    let thresholds = (0..<rowCount).map { row in
      let elements = rows.elements[row * d..<(row + 1) * d]
      return (elements.reduce(0) { $0 + $1 * $1 } / Float(d)).squareRoot()
    }
    var counts = [0, 0]
    addExceedanceCounts(of: rows, thresholds: thresholds, along: directions, to: &counts)
    let share = isotropicExceedance(threshold: 1, dimension: d)
    let deviation = (share * (1 - share) / Double(rowCount)).squareRoot()
    for count in counts {
      #expect(abs(Double(count) / Double(rowCount) - share) <= 4 * deviation)
    }
  }

  @Test("NaN never counts, infinity does")
  func special() {
    let rows = Matrix<Float>(
      rowCount: 5, columnCount: 2,
      elements: [
        .nan, 1, .infinity, 1, 3, 1, 3, 1, 3, 1,
      ])
    let directions = Matrix<Float>(rowCount: 2, columnCount: 2, elements: [1, 1, -1, 0.5])
    var counts = [10, 20]
    addExceedanceCounts(
      of: rows, thresholds: [0, 1e30, .nan, 2, .infinity], along: directions, to: &counts)
    #expect(counts == [12, 22])
  }

  @Test("sizes that do not fit trap")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      var counts = [0, 0]
      addExceedanceCounts(
        of: Matrix(rowCount: 1, columnCount: 2), thresholds: [1],
        along: Matrix(rowCount: 2, columnCount: 3), to: &counts)
    }
    await #expect(processExitsWith: .failure) {
      var counts = [0, 0]
      addExceedanceCounts(
        of: Matrix(rowCount: 2, columnCount: 3), thresholds: [1],
        along: Matrix(rowCount: 2, columnCount: 3), to: &counts)
    }
    await #expect(processExitsWith: .failure) {
      var counts = [0]
      addExceedanceCounts(
        of: Matrix(rowCount: 1, columnCount: 3), thresholds: [1],
        along: Matrix(rowCount: 2, columnCount: 3), to: &counts)
    }
    await #expect(processExitsWith: .failure) {
      var counts = [0]
      addExceedanceCounts(
        of: Matrix(rowCount: 1, columnCount: 0), thresholds: [1],
        along: Matrix(rowCount: 1, columnCount: 0), to: &counts)
    }
  }
}
