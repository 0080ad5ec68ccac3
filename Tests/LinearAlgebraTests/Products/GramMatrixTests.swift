import Dispatch
import LinearAlgebra
import Tensors
import TestSupport
import Testing

/// Checks the contract of `GramMatrix`.
@Suite struct GramMatrixTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// One tile, a whole one, and several with a narrow last one: rows and columns of X.
  static let shapes = [(3, 1), (9, 6), (40, 60), (30, 512), (30, 513), (70, 1030)]

  /// X from rows in blocks of different heights, one of them empty.
  static func gram(of rows: Matrix<Double>) -> GramMatrix {
    let gram = GramMatrix(dimension: rows.columnCount)
    for block in blocks(of: rows) {
      for tile in 0..<gram.tileCount { gram.add(block, toTile: tile) }
    }
    return gram
  }

  static func blocks(of rows: Matrix<Double>) -> [Matrix<Double>] {
    let cuts = [0, rows.rowCount / 3, rows.rowCount / 3, rows.rowCount]
    return zip(cuts, cuts.dropFirst()).map { start, end in
      Matrix(
        rowCount: end - start, columnCount: rows.columnCount,
        elements: Array(rows.elements[start * rows.columnCount..<end * rows.columnCount]))
    }
  }

  /// The rounding of sums of products and of LAPACK: a few dozen ulp for each row.
  static func tolerance(_ rows: Matrix<Double>, _ largest: Double) -> Double {
    32 * Double(rows.rowCount + 10) * Double.ulpOfOne * largest
  }

  @Test("has the squares of the singular values", arguments: shapes, [1, 2] as [UInt64])
  func againstDecomposition(shape: (Int, Int), seed: UInt64) throws {
    let rows = Matrix<Double>.random(shape.0, shape.1, seed: seed)
    let count = min(shape.1, 8)
    let found = try Self.gram(of: rows).leadingEigenvectors(count: count)
    let direct = try SingularValueDecomposition(of: rows)
    let squares = direct.singularValues.map { $0 * $0 }
    let allowed = Self.tolerance(rows, squares[0])
    // Past the rank of X the eigenvalues are zero.
    let expected = (0..<count).map { $0 < squares.count ? squares[$0] : 0 }
    expectClose(found.values, expected, within: allowed)
    #expect(found.vectors.rowCount == shape.1 && found.vectors.columnCount == count)
    #expect(orthonormalityError(found.vectors) <= 1e-12)
    // X^T X v = lambda v, from X itself.
    let images = product(rows, leftTransposed: true, product(rows, found.vectors))
    var scaled = found.vectors.elements
    for place in scaled.indices { scaled[place] *= found.values[place % count] }
    expectClose(images.elements, scaled, within: allowed)
  }

  @Test("has as many tiles as there are on and below the diagonal")
  func tileCount() {
    let expected = [(1, 1), (512, 1), (513, 3), (1024, 3), (1025, 6), (2048, 10)]
    for (dimension, count) in expected {
      let gram = GramMatrix(dimension: dimension)
      #expect(gram.dimension == dimension && gram.tileCount == count)
    }
  }

  @Test("has the squared norm of the rows as its trace", arguments: shapes)
  func trace(shape: (Int, Int)) {
    let rows = Matrix<Double>.random(shape.0, shape.1, seed: 4)
    let norm = rows.elements.reduce(0) { $0 + $1 * $1 }
    #expect(abs(Self.gram(of: rows).trace - norm) <= 1e-12 * norm)
    #expect(GramMatrix(dimension: shape.1).trace == 0)
  }

  @Test("without the mean's products is that of centred rows", arguments: [(40, 6), (60, 530)])
  func centring(shape: (Int, Int)) throws {
    var rows = Matrix<Double>.random(shape.0, shape.1, seed: 5)
    for place in rows.elements.indices { rows.elements[place] += 1 + Double(place % shape.1 % 3) }
    var mean = [Double](repeating: 0, count: shape.1)
    for place in rows.elements.indices {
      mean[place % shape.1] += rows.elements[place] / Double(shape.0)
    }
    let gram = Self.gram(of: rows)
    let allowed = Self.tolerance(rows, gram.trace)
    gram.subtractOuterProduct(of: mean, times: Double(shape.0))
    var centred = rows
    for place in centred.elements.indices { centred.elements[place] -= mean[place % shape.1] }
    let expected = try Self.gram(of: centred).leadingEigenvectors(count: 5)
    let found = try gram.leadingEigenvectors(count: 5)
    expectClose(found.values, expected.values, within: allowed)
    #expect(abs(gram.trace - Self.gram(of: centred).trace) <= allowed)
    // Values of random rows are far enough apart for their vectors to be told apart.
    for (left, right) in zip(found.vectors.elements, expected.vectors.elements) {
      #expect(abs(abs(left) - abs(right)) <= 1e-8)
    }
  }

  @Test("has the same bytes however its tiles are shared out")
  func determinism() throws {
    let rows = Matrix<Double>.random(50, 1030, seed: 6)
    let alone = try Self.gram(of: rows).leadingEigenvectors(count: 4)
    let shared = GramMatrix(dimension: 1030)
    let blocks = Self.blocks(of: rows)
    DispatchQueue.concurrentPerform(iterations: shared.tileCount) { index in
      let tile = shared.tileCount - 1 - index
      for block in blocks { shared.add(block, toTile: tile) }
    }
    let found = try shared.leadingEigenvectors(count: 4)
    #expect(found.values == alone.values && found.vectors == alone.vectors)
  }

  @Test("all eigenvectors of a full rank are a basis")
  func whole() throws {
    let rows = Matrix<Double>.random(30, 12, seed: 7)
    let found = try Self.gram(of: rows).leadingEigenvectors(count: 12)
    #expect(found.values == found.values.sorted(by: >))
    #expect(abs(found.values.reduce(0, +) - Self.gram(of: rows).trace) <= 1e-11)
    #expect(orthonormalityError(found.vectors) <= 1e-12)
  }

  @Test("of nothing is zero")
  func nothing() throws {
    let found = try GramMatrix(dimension: 5).leadingEigenvectors(count: 2)
    #expect(found.values == [0, 0])
    #expect(orthonormalityError(found.vectors) <= 1e-12)
  }

  @Test("names the column that is not finite", arguments: [Double.nan, .infinity], [0, 7, 600])
  func notFinite(bad: Double, column: Int) {
    var rows = Matrix<Double>.random(9, 601, seed: 8)
    rows[4, column] = bad
    #expect(throws: LinearAlgebraError.notFinite(row: column, column: column)) {
      try Self.gram(of: rows).leadingEigenvectors(count: 1)
    }
  }

  @Test("sizes that do not fit trap")
  func traps() async {
    await #expect(processExitsWith: .failure) { _ = GramMatrix(dimension: 0) }
    await #expect(processExitsWith: .failure) {
      GramMatrix(dimension: 3).add(Matrix(rowCount: 1, columnCount: 2), toTile: 0)
    }
    await #expect(processExitsWith: .failure) {
      GramMatrix(dimension: 3).add(Matrix(rowCount: 1, columnCount: 3), toTile: 1)
    }
    await #expect(processExitsWith: .failure) {
      GramMatrix(dimension: 3).subtractOuterProduct(of: [1], times: 1)
    }
    await #expect(processExitsWith: .failure) {
      _ = try GramMatrix(dimension: 3).leadingEigenvectors(count: 4)
    }
  }
}
