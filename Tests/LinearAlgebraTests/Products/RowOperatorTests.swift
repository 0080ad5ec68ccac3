import LinearAlgebra
import Tensors
import Testing

/// Checks the contract of `RowOperator`.
@Suite struct RowOperatorTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// m, n, a, b: one group, several with a shorter last one, rows wider than a group allows.
  static let shapes = [
    (5, 7, 2, 3), (700, 300, 16, 8), (311, 1024, 8, 16), (3, 70_000, 16, 16), (0, 4, 2, 2),
  ]

  @Test("products are those of double precision, rounded", arguments: shapes)
  func products(m: Int, n: Int, a: Int, b: Int) throws {
    let matrix = Self.random(m, n, seed: 1)
    let left = Self.random(m, a, seed: 2)
    let right = Self.random(n, b, seed: 3)
    let found = RowOperator(matrix).products(left: left, right: right)
    let along = product(left.widened(), leftTransposed: true, matrix.widened())
    let across = product(matrix.widened(), right.widened())
    // Each sum of `terms` products of numbers up to 1 is off by terms^2 * 2^-24 at most.
    expectNear(try #require(found.left), along, within: Double(m * m) * 0x1p-24)
    expectNear(try #require(found.right), across, within: Double(n * n) * 0x1p-24)
  }

  @Test("squares are those of double precision, rounded twice", arguments: shapes.dropLast())
  func squares(m: Int, n: Int, a: Int, b: Int) throws {
    let matrix = Self.random(m, n, seed: 4)
    let left = Self.random(m, a, seed: 5)
    let right = Self.random(n, b, seed: 6)
    let wide = matrix.widened()
    let along = product(wide, product(wide, leftTransposed: true, left.widened()))
    let across = product(wide, leftTransposed: true, product(wide, right.widened()))
    let found = RowOperator(matrix).squaresApplied(left: left, right: right)
    // m sums that are each off by n^2 2^-24, and the rounding of their own sum of m numbers up to
    // n: m n^2 2^-24 + m^2 n 2^-24; and the same with m and n exchanged.
    let allowed = Double(m * n * (m + n)) * 0x1p-24
    expectNear(try #require(found.left), along, within: allowed)
    expectNear(try #require(found.right), across, within: allowed)
  }

  @Test("leaves out what is not wanted")
  func leavesOut() {
    let operation = RowOperator(Self.random(9, 6, seed: 9))
    let (left, right) = (Self.random(9, 2, seed: 10), Self.random(6, 2, seed: 11))
    #expect(operation.products(left: nil, right: right).left == nil)
    #expect(operation.products(left: left, right: nil).right == nil)
    #expect(operation.squaresApplied(left: nil, right: right).left == nil)
    #expect(operation.squaresApplied(left: left, right: nil).right == nil)
  }

  @Test("rows that are decoded group by group give the bits of the decoded matrix")
  func decodedRows() {
    // Upper halves of Floats, as BF16 stores them.
    let rows = HalfRows(of: Self.random(311, 1024, seed: 12))
    let decoded = rows.decoded()
    let (left, right) = (Self.random(311, 8, seed: 13), Self.random(1024, 16, seed: 14))
    let found = RowOperator(rows).products(left: left, right: right)
    let expected = RowOperator(decoded).products(left: left, right: right)
    #expect(found.left == expected.left && found.right == expected.right)
  }

  @Test("thin factors of other sizes trap")
  func wrongShapes() async {
    await #expect(processExitsWith: .failure) {
      let matrix = Matrix<Float>(rowCount: 3, columnCount: 4)
      _ = RowOperator(matrix).products(left: Matrix(rowCount: 4, columnCount: 1), right: nil)
    }
    await #expect(processExitsWith: .failure) {
      let matrix = Matrix<Float>(rowCount: 3, columnCount: 4)
      _ = RowOperator(matrix).products(left: nil, right: Matrix(rowCount: 3, columnCount: 1))
    }
  }

  private func expectNear(
    _ found: Matrix<Float>, _ exact: Matrix<Double>, within allowed: Double
  ) {
    #expect(found.rowCount == exact.rowCount && found.columnCount == exact.columnCount)
    let worst = zip(found.elements, exact.elements).reduce(0.0) { worst, pair in
      let error = abs(Double(pair.0) - pair.1)
      // Written so that NaN counts as the worst.
      return error <= worst ? worst : error
    }
    #expect(worst <= allowed)
  }

  /// Numbers up to 1.
  static func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix<Float> {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rowCount: rows, columnCount: columns,
      elements: (0..<rows * columns).map { _ in Float(max(-1, min(1, generator.normal() / 4))) })
  }
}

/// Rows in sixteen bits an element, decoded in a buffer of one group.
private struct HalfRows: RowSource {
  let rowCount, columnCount: Int
  let halves: [UInt16]

  init(of matrix: Matrix<Float>) {
    (rowCount, columnCount) = (matrix.rowCount, matrix.columnCount)
    halves = matrix.elements.map { UInt16($0.bitPattern >> 16) }
  }

  func decoded() -> Matrix<Float> { decoded(0..<rowCount) }

  func lendRows(
    inGroupsOf height: Int, _ body: (Range<Int>, MatrixView<Float>) -> Void
  ) {
    for start in stride(from: 0, to: rowCount, by: height) {
      let group = start..<min(rowCount, start + height)
      decoded(group).withView { body(group, $0) }
    }
  }

  private func decoded(_ rows: Range<Int>) -> Matrix<Float> {
    Matrix(
      rowCount: rows.count, columnCount: columnCount,
      elements: halves[rows.lowerBound * columnCount..<rows.upperBound * columnCount].map {
        Float(bitPattern: UInt32($0) << 16)
      })
  }
}
