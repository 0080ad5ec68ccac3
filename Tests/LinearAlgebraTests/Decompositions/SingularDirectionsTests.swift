import LinearAlgebra
import Tensors
import TestSupport
import Testing

/// Checks the contract of `SingularDirections.decompose(_:side:otherCount:)`.
@Suite struct SingularDirectionsTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// Both precisions, on both sides of rank 256, with sides that are no multiple of a tile.
  static let shapes = [
    (1, 1), (1, 7), (7, 1), (40, 33), (33, 70), (256, 300), (257, 300), (300, 257), (290, 600),
  ]
  static let sides = [SingularDirections.Side.left, .right]
  static let seeds: [UInt64] = [1, 2]

  /// The allowed error of a value, relative to s_1.
  ///
  /// A few dozen ulp in single precision; in double precision the rounding of what the values are
  /// compared with.
  static func valueError(rank: Int) -> Double {
    rank > 256 ? 48 * Double(Float.ulpOfOne) : 1e-13
  }

  @Test("are those of the full decomposition, on both sides", arguments: shapes, seeds)
  func decomposition(shape: (Int, Int), seed: UInt64) throws {
    let matrix = Matrix<Float>.random(shape.0, shape.1, seed: seed)
    let rank = min(shape.0, shape.1)
    let exact = try singularValues(of: matrix.doubled())
    for side in Self.sides {
      for otherCount in Set([0, min(5, rank), rank]) {
        let found = try SingularDirections.decompose(matrix, side: side, otherCount: otherCount)
        expectClose(found.singularValues, exact, within: Self.valueError(rank: rank) * exact[0])
        #expect(found.singularValues == found.singularValues.sorted(by: >))
        try expectVectors(found, of: matrix, side: side, otherCount: otherCount)
      }
    }
  }

  /// Shapes, orthonormality, and W other_j = s_j row_j (W^T for the right side).
  func expectVectors(
    _ found: SingularDirections, of matrix: Matrix<Float>, side: SingularDirections.Side,
    otherCount: Int
  ) throws {
    let (own, other) =
      side == .left
      ? (matrix.rowCount, matrix.columnCount) : (matrix.columnCount, matrix.rowCount)
    let rank = min(own, other)
    #expect(found.rows.rowCount == rank && found.rows.columnCount == own)
    #expect(found.otherSide.rowCount == other && found.otherSide.columnCount == otherCount)
    let rows = found.rows.doubled()
    #expect(orthonormalityError(rows.transposed()) <= 1e-5)
    #expect(orthonormalityError(found.otherSide.doubled()) <= 1e-5)
    let images = product(
      matrix.doubled(), leftTransposed: side == .right, found.otherSide.doubled())
    // Two vectors rounded to single precision, or with an error of that size, bring as much as a
    // value does.
    let allowed = 48 * Double(Float.ulpOfOne) * (found.singularValues.first ?? 0)
    var worst = 0.0
    for direction in 0..<otherCount {
      for place in 0..<own {
        let expected = found.singularValues[direction] * rows[direction, place]
        let error = abs(images[place, direction] - expected)
        worst = error <= worst ? worst : error
      }
    }
    #expect(worst <= allowed)
  }

  @Test(
    "recover directions that were built in", arguments: [(60, 90), (300, 280), (270, 400)], seeds)
  func planted(shape: (Int, Int), seed: UInt64) throws {
    let rank = min(shape.0, shape.1)
    let bases = try RandomBases(rowCount: shape.0, columnCount: shape.1, seed: seed)
    let planted = PlantedMatrix((0..<rank).map { 2 - Double($0) / Double(rank) }, in: bases)
    for side in Self.sides { try expectPlanted(planted, side: side) }
  }

  func expectPlanted(_ planted: PlantedMatrix, side: SingularDirections.Side) throws {
    let rank = planted.spectrum.count
    let found = try SingularDirections.decompose(planted.matrix, side: side, otherCount: 3)
    // Rounding of the matrix moves every value by 2^-24 of its Frobenius norm at most; beyond that
    // the value's own error. Neighbours are 1 / rank apart, and the angle is the error over that.
    let error = (2 + 2 * Double(rank).squareRoot()) * 48 * Double(Float.ulpOfOne)
    expectClose(found.singularValues, planted.spectrum, within: error)
    let own = side == .left ? planted.left : planted.right
    let other = side == .left ? planted.right : planted.left
    let cosines = product(found.rows.doubled(), own)
    let angle = error * Double(rank)
    for index in 0..<rank { #expect(abs(cosines[index, index]) >= 1 - angle * angle) }
    let others = product(found.otherSide.doubled(), leftTransposed: true, other)
    for index in 0..<3 {
      #expect(abs(others[index, index]) >= 1 - angle * angle)
      // The signs of the two sides belong together.
      #expect(cosines[index, index] * others[index, index] > 0)
    }
  }

  @Test(
    "do not depend on the scale of the elements", arguments: [-140, -100, -40, 40, 80, 118],
    [(20, 30), (260, 270)])
  func scale(exponent: Int, shape: (Int, Int)) throws {
    // Few bits, so that scaling down to the smallest numbers is exact.
    var generator = SeededGenerator(seed: 3)
    let matrix = Matrix<Float>(
      rowCount: shape.0, columnCount: shape.1,
      elements: (0..<shape.0 * shape.1).map { _ in Float(generator.next() % 255) - 127 })
    let factor = Double(sign: .plus, exponent: exponent, significand: 1)
    var scaled = matrix
    for place in scaled.elements.indices {
      scaled.elements[place] = Float(Double(scaled.elements[place]) * factor)
    }
    #expect(scaled.doubled().elements == matrix.doubled().elements.map { $0 * factor })
    let plain = try SingularDirections.decompose(matrix, side: .right, otherCount: 4)
    let found = try SingularDirections.decompose(scaled, side: .right, otherCount: 4)
    let allowed = 2 * Self.valueError(rank: min(shape.0, shape.1)) * plain.singularValues[0]
    expectClose(found.singularValues.map { $0 / factor }, plain.singularValues, within: allowed)
    try expectVectors(found, of: scaled, side: .right, otherCount: 4)
  }

  @Test("of a zero matrix are zero, with orthonormal vectors", arguments: [(4, 3), (260, 258)])
  func zero(rows: Int, columns: Int) throws {
    let found = try SingularDirections.decompose(
      Matrix(rowCount: rows, columnCount: columns), side: .right, otherCount: 2)
    #expect(found.singularValues == [Double](repeating: 0, count: columns))
    #expect(orthonormalityError(found.rows.doubled().transposed()) <= 1e-5)
  }

  @Test("an empty matrix has none", arguments: [(0, 3), (3, 0), (0, 0)], sides)
  func empty(shape: (rows: Int, columns: Int), side: SingularDirections.Side) {
    let matrix = Matrix<Float>(rowCount: shape.rows, columnCount: shape.columns)
    let expected = LinearAlgebraError.emptyMatrix(
      rowCount: shape.rows, columnCount: shape.columns)
    #expect(throws: expected) {
      try SingularDirections.decompose(matrix, side: side, otherCount: 0)
    }
  }

  @Test("more directions of the other side than there are trap", arguments: [-1, 4])
  func trap(otherCount: Int) async {
    await #expect(processExitsWith: .failure) { [otherCount = otherCount as Int] in
      _ = try SingularDirections.decompose(
        Matrix(rowCount: 3, columnCount: 5), side: .left, otherCount: otherCount)
    }
  }
}
