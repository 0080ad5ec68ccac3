import LinearAlgebra
import Tensors
import Testing

/// Checks the contracts of `squaredNorm(of:)`, `analysableSquaredNorm(of:)` and
/// `squaredDistance(_:_:)`.
@Suite struct SquaredNormTests {
  /// Sizes on both sides of the sixteen sums that run side by side.
  static let shapes = [(1, 1), (1, 15), (1, 16), (1, 17), (3, 5), (5, 7), (16, 16), (33, 31)]

  @Test("sums all squares, the last ones too", arguments: shapes)
  func sum(rows: Int, columns: Int) throws {
    let matrix = Matrix<Float>(
      rowCount: rows, columnCount: columns, elements: (0..<rows * columns).map { Float($0 + 1) })
    // 1 + 4 + ... + n^2; whole numbers of this size are exact.
    let n = Double(rows * columns)
    #expect(squaredNorm(of: matrix) == n * (n + 1) * (2 * n + 1) / 6)
    #expect(try analysableSquaredNorm(of: matrix) == squaredNorm(of: matrix))
  }

  @Test("of a large matrix has a relative error below 1e-12")
  func accuracy() {
    // The square of Float(0.1) has 48 bits, so that its multiples by 10^6 are rounded at every
    // step.
    let matrix = Matrix<Float>(
      rowCount: 1000, columnCount: 1000, elements: [Float](repeating: 0.1, count: 1_000_000))
    let exact = Double(Float(0.1)) * Double(Float(0.1)) * 1e6
    #expect(abs(squaredNorm(of: matrix) - exact) <= 1e-12 * exact)
  }

  @Test(
    "of an empty matrix is zero, and such a matrix cannot be analysed", arguments: [(0, 3), (3, 0)])
  func empty(rows: Int, columns: Int) {
    let matrix = Matrix<Float>(rowCount: rows, columnCount: columns)
    #expect(squaredNorm(of: matrix) == 0)
    #expect(throws: LinearAlgebraError.emptyMatrix(rowCount: rows, columnCount: columns)) {
      try analysableSquaredNorm(of: matrix)
    }
  }

  @Test("squares that overflow or vanish in Float count")
  func extremes() throws {
    let largest = Double(Float.greatestFiniteMagnitude)
    let huge = Matrix<Float>(
      rowCount: 4, columnCount: 5,
      elements: [Float](repeating: .greatestFiniteMagnitude, count: 20))
    #expect(try analysableSquaredNorm(of: huge) == 20 * (largest * largest))
    var tiny = Matrix<Float>(rowCount: 4, columnCount: 5)
    tiny[3, 4] = .leastNonzeroMagnitude
    #expect(try analysableSquaredNorm(of: tiny) == 0x1p-298)
  }

  @Test(
    "the first bad element is named by row and column",
    arguments: [Float.nan, .signalingNaN, .infinity, -.infinity],
    [(0, 0), (0, 6), (1, 2), (2, 1), (4, 6)])
  func notFinite(bad: Float, place: (row: Int, column: Int)) {
    var matrix = Matrix<Float>(
      rowCount: 5, columnCount: 7, elements: (0..<35).map { Float($0) })
    matrix[4, 6] = .nan
    matrix[place.row, place.column] = bad
    #expect(!squaredNorm(of: matrix).isFinite)
    #expect(throws: LinearAlgebraError.notFinite(row: place.row, column: place.column)) {
      try analysableSquaredNorm(of: matrix)
    }
  }

  @Test("zeros of either sign are refused")
  func zero() {
    var matrix = Matrix<Float>(rowCount: 5, columnCount: 7)
    matrix[2, 3] = -0.0
    #expect(throws: LinearAlgebraError.zeroMatrix) { try analysableSquaredNorm(of: matrix) }
  }
  @Test("of a difference is the squared distance")
  func distance() {
    var second = RowOperatorTests.random(37, 19, seed: 7)
    let first = second
    #expect(squaredDistance(first, second) == 0)
    second[36, 18] += 3
    second[0, 0] -= 4
    let exact =
      Double(second[36, 18] - first[36, 18]) * Double(second[36, 18] - first[36, 18])
      + Double(second[0, 0] - first[0, 0]) * Double(second[0, 0] - first[0, 0])
    #expect(abs(squaredDistance(first, second) - exact) < 1e-5)
    second[1, 1] = .nan
    #expect(squaredDistance(first, second).isNaN)
  }
}
