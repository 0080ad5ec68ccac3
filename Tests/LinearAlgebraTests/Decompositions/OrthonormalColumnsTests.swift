import LinearAlgebra
import Tensors
import Testing

/// Checks the contract of `orthonormalColumns(of:)`.
@Suite struct OrthonormalColumnsTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  static let shapes = [(1, 1), (5, 1), (5, 5), (40, 7), (33, 32), (300, 60)]

  @Test("are orthonormal and span the same space", arguments: shapes, [1, 2, 3] as [UInt64])
  func properties(shape: (Int, Int), seed: UInt64) throws {
    try expectBasis(of: Matrix<Double>.random(shape.0, shape.1, seed: seed))
    try expectBasis(of: Matrix<Float>.random(shape.0, shape.1, seed: seed))
  }

  func expectBasis<Scalar: LAPACKScalar>(of matrix: Matrix<Scalar>) throws {
    let basis = try orthonormalColumns(of: matrix)
    #expect(basis.rowCount == matrix.rowCount && basis.columnCount == matrix.columnCount)
    let ulp = Double(Scalar.ulpOfOne)
    let allowed = 8 * Double(matrix.columnCount).squareRoot() * ulp
    #expect(orthonormalityError(basis.doubled()) <= allowed)
    // Nothing of the matrix lies outside: Householder's method is backward stable, so the part
    // outside is rounding of the matrix itself.
    let outside = try largestSine(matrix.doubled(), basis.doubled())
    let norm = try singularValues(of: matrix.doubled())[0]
    #expect(outside <= 8 * Double(matrix.columnCount) * ulp * norm)
  }

  @Test("of orthogonal columns are those columns, up to signs")
  func known() throws {
    let matrix = Matrix<Double>(rowCount: 3, columnCount: 2, elements: [0, 2, 3, 0, 0, 0])
    let basis = try orthonormalColumns(of: matrix)
    #expect(basis.elements.map { abs($0) } == [0, 1, 1, 0, 0, 0])
  }

  @Test("of dependent columns are still orthonormal")
  func dependent() throws {
    let matrix = Matrix<Double>(
      rowCount: 9, columnCount: 3, elements: (0..<27).map { Double($0 / 3) })
    #expect(orthonormalityError(try orthonormalColumns(of: matrix)) <= 1e-14)
  }

  @Test("an empty matrix is refused", arguments: [(0, 0), (3, 0)])
  func empty(rows: Int, columns: Int) {
    #expect(throws: LinearAlgebraError.emptyMatrix(rowCount: rows, columnCount: columns)) {
      try orthonormalColumns(of: Matrix<Float>(rowCount: rows, columnCount: columns))
    }
  }

  @Test("more columns than rows trap")
  func tooManyColumns() async {
    await #expect(processExitsWith: .failure) {
      _ = try orthonormalColumns(of: Matrix<Float>(rowCount: 2, columnCount: 3))
    }
  }
}
