import LinearAlgebra
import Tensors
import TestSupport
import Testing

/// Checks the contracts of `SingularValueDecomposition` and `singularValues(of:)`.
@Suite struct SingularValueDecompositionTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  static let shapes = [(1, 1), (1, 6), (6, 1), (2, 5), (5, 2), (16, 16), (64, 48), (48, 64)]
  static let seeds: [UInt64] = [1, 2, 3]

  /// The error that the documentation allows: a few ulp for each dimension, at the matrix's scale.
  static func tolerance<Scalar: LAPACKScalar>(_ size: Int, _ norm: Scalar) -> Double {
    8 * Double(size) * Double(Scalar.ulpOfOne) * Double(norm)
  }

  // MARK: Properties

  @Test("U diag(s) V^T is the matrix, with orthonormal vectors", arguments: shapes, seeds)
  func reconstruction(shape: (Int, Int), seed: UInt64) throws {
    try expectDecomposition(of: Matrix<Double>.random(shape.0, shape.1, seed: seed))
    try expectDecomposition(of: Matrix<Float>.random(shape.0, shape.1, seed: seed))
  }

  func expectDecomposition<Scalar: LAPACKScalar>(of matrix: Matrix<Scalar>) throws {
    let rank = min(matrix.rowCount, matrix.columnCount)
    let found = try SingularValueDecomposition(of: matrix)
    #expect(found.singularValues.count == rank)
    #expect(found.left.rowCount == matrix.rowCount && found.left.columnCount == rank)
    #expect(found.right.rowCount == matrix.columnCount && found.right.columnCount == rank)
    #expect(found.singularValues == found.singularValues.sorted(by: >))
    #expect(found.singularValues.allSatisfy { $0 >= 0 })
    let size = max(matrix.rowCount, matrix.columnCount)
    let allowed = Self.tolerance(size, found.singularValues[0])
    #expect(orthonormalityError(found.left.doubled()) <= Self.tolerance(size, Scalar(1)))
    #expect(orthonormalityError(found.right.doubled()) <= Self.tolerance(size, Scalar(1)))
    var scaled = found.left.doubled()
    for place in scaled.elements.indices {
      scaled.elements[place] *= Double(found.singularValues[place % rank])
    }
    let rebuilt = product(scaled, found.right.doubled(), rightTransposed: true)
    expectClose(rebuilt.elements, matrix.doubled().elements, within: allowed)
    expectClose(
      try singularValues(of: matrix).map { Double($0) },
      found.singularValues.map { Double($0) }, within: allowed)
  }

  @Test(
    "values do not change under transposition, and the sides change places", arguments: shapes,
    seeds)
  func transposition(shape: (Int, Int), seed: UInt64) throws {
    let matrix = Matrix<Double>.random(shape.0, shape.1, seed: seed)
    let direct = try SingularValueDecomposition(of: matrix)
    let transposed = try SingularValueDecomposition(of: matrix.transposed())
    let allowed = Self.tolerance(max(shape.0, shape.1), direct.singularValues[0])
    expectClose(transposed.singularValues, direct.singularValues, within: allowed)
    expectClose(
      try singularValues(of: matrix.transposed()), direct.singularValues, within: allowed)
    // Vectors are defined up to a sign that both sides share.
    let overlap = product(direct.left, leftTransposed: true, transposed.right)
    let gap = zip(direct.singularValues, direct.singularValues.dropFirst()).map { $0 - $1 }.min()
    for index in 0..<overlap.rowCount {
      #expect(abs(abs(overlap[index, index]) - 1) <= allowed / (gap ?? 1))
    }
  }

  // MARK: Known answers

  @Test("recover a spectrum that was built in", arguments: seeds)
  func knownSpectrum(seed: UInt64) throws {
    let spectrum = (0..<24).map { 1 / Double($0 + 1) }
    let bases = try RandomBases(rowCount: 24, columnCount: 40, seed: seed)
    var scaled = bases.left
    for place in scaled.elements.indices { scaled.elements[place] *= spectrum[place % 24] }
    let matrix = product(scaled, bases.right, rightTransposed: true)
    let allowed = Self.tolerance(40, 1.0)
    expectClose(try singularValues(of: matrix), spectrum, within: allowed)
    let found = try SingularValueDecomposition(of: matrix)
    expectClose(found.singularValues, spectrum, within: allowed)
    // The third direction stands 1/3 - 1/4 from its nearest neighbour.
    let right = product(found.right, leftTransposed: true, bases.right)
    #expect(abs(abs(right[2, 2]) - 1) <= allowed * 12)
  }

  @Test("of a zero matrix are zero, with orthonormal vectors all the same")
  func zero() throws {
    let found = try SingularValueDecomposition(of: Matrix<Double>(rowCount: 4, columnCount: 3))
    #expect(found.singularValues == [0, 0, 0])
    #expect(orthonormalityError(found.left) <= 1e-15)
    #expect(orthonormalityError(found.right) <= 1e-15)
  }

  // MARK: Golden

  /// Values computed elsewhere, with the tool and precision that made them.
  struct Golden: Decodable {
    let source: String
    let rows: Int
    let columns: Int
    let singularValues: [Double]
  }

  @Test("of the 6 x 6 Hilbert matrix match 50-digit arithmetic")
  func hilbert() throws {
    let golden: Golden = try Fixture.decode(from: "linear-algebra/hilbert-6x6.json")
    var hilbert = Matrix<Double>(rowCount: golden.rows, columnCount: golden.columns)
    for row in 0..<golden.rows {
      for column in 0..<golden.columns { hilbert[row, column] = 1 / Double(row + column + 1) }
    }
    let allowed = Self.tolerance(6, golden.singularValues[0])
    expectClose(
      try singularValues(of: hilbert), golden.singularValues, within: allowed, "\(golden.source)")
    expectClose(
      try SingularValueDecomposition(of: hilbert).singularValues, golden.singularValues,
      within: allowed, "\(golden.source)")
  }

  // MARK: Errors

  @Test("an empty matrix has none", arguments: [(0, 3), (3, 0), (0, 0)])
  func empty(rows: Int, columns: Int) {
    let expected = LinearAlgebraError.emptyMatrix(rowCount: rows, columnCount: columns)
    let matrix = Matrix<Double>(rowCount: rows, columnCount: columns)
    #expect(throws: expected) { try singularValues(of: matrix) }
    #expect(throws: expected) { try SingularValueDecomposition(of: matrix) }
  }

  @Test("NaN ends in an error, never in a number")
  func notANumber() {
    var matrix = Matrix<Double>.random(5, 4, seed: 1)
    matrix[2, 1] = .nan
    #expect(throws: LinearAlgebraError.self) { try singularValues(of: matrix) }
    #expect(throws: LinearAlgebraError.self) { try SingularValueDecomposition(of: matrix) }
  }
}
