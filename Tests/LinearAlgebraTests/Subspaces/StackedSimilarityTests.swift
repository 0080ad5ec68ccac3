import Foundation
import LinearAlgebra
import Tensors
import TestSupport
import Testing

/// Checks the contract of `meanCosines(between:and:rank:)`.
@Suite struct StackedSimilarityTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// Closed forms, sizes with and without whole groups of four, and both sides of where LAPACK
  /// takes over.
  static let ranks = [1, 2, 3, 4, 5, 8, 15, 16, 21, 47, 48, 49, 64]

  /// Bases whose vectors are rows, one below the other.
  static func stack(_ bases: [Matrix<Float>]) -> Matrix<Float> {
    Matrix(
      rowCount: bases.reduce(0) { $0 + $1.columnCount }, columnCount: bases[0].rowCount,
      elements: bases.flatMap { $0.transposed().elements })
  }

  static func randomBases(_ count: Int, _ n: Int, _ k: Int, seed: UInt64) throws -> [Matrix<Float>]
  {
    var generator = SeededGenerator(seed: seed)
    return try (0..<count).map { _ in
      try orthonormalColumns(of: Matrix<Double>.random(n, k, using: &generator)).rounded()
    }
  }

  @Test(
    "are those of each pair on its own", arguments: ranks, [1, 2] as [UInt64])
  func againstPairs(k: Int, seed: UInt64) throws {
    // From the whole space, where every cosine is 1, to wide spaces.
    for n in [k, k + 1, 2 * k + 3, 40 * k] {
      let a = try Self.randomBases(3, n, k, seed: seed)
      let b = try Self.randomBases(2, n, k, seed: seed + 10) + [a[1]]
      let found = try meanCosines(between: Self.stack(a), and: Self.stack(b), rank: k)
      #expect(found.rowCount == 3 && found.columnCount == 3)
      for row in 0..<3 {
        for column in 0..<3 {
          let exact = try singularValues(
            of: product(a[row].doubled(), leftTransposed: true, b[column].doubled()))
          let expected = exact.reduce(0) { $0 + min(1, $1) } / Double(k)
          #expect(abs(found[row, column] - expected) <= 1e-6)
          let pair = try SubspaceSimilarity.between(a[row], b[column])
          #expect(abs(found[row, column] - pair.meanCosine) <= 1e-6)
          #expect((0...1).contains(found[row, column]))
        }
      }
    }
  }

  /// Cosines that an iteration could stumble over.
  static let cosines: [[Double]] = [
    [1, 1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0],
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [1, 1e-2, 1e-4, 1e-6, 1e-8],
    [1e-8, 1e-6, 1e-4, 1e-2, 1], [1e-3, 1e-3, 1e-3], [1e-20, 1e-20, 1e-20, 1e-20],
    (0..<20).map { pow(0.3, Double($0)) }, (0..<50).map { pow(0.5, Double($0)) },
    (0..<48).map { 1 - Double($0) / 48 },
  ]

  @Test("find cosines that were built in", arguments: cosines, [1, 2, 3] as [UInt64])
  func planted(cosines: [Double], seed: UInt64) throws {
    let k = cosines.count
    let angles = cosines.map { acos($0) }
    let (first, second) = try SubspaceSimilarityTests.pair(angles, dimension: 130, seed: seed)
    let turned = try SubspaceSimilarityTests.turned(second, seed: seed + 5)
    let expected = cosines.reduce(0, +) / Double(k)
    let stack = Self.stack([first.rounded(), turned.rounded(), second.rounded()])
    let found = try meanCosines(between: stack, and: stack, rank: k)
    expectClose(
      found.elements,
      [1, expected, expected, expected, 1, 1, expected, 1, 1], within: 1e-6)
  }

  @Test(
    "of blocks whose elements are exact have no more than the rounding of the squares",
    arguments: [2, 3, 6, 15, 30, 60])
  func diagonalBlocks(k: Int) throws {
    // Axes, and axes scaled by powers of two in another order: C is a permuted diagonal.
    var a = Matrix<Float>(rowCount: k, columnCount: k + 2)
    var b = Matrix<Float>(rowCount: k, columnCount: k + 2)
    var expected = 0.0
    for row in 0..<k {
      a[row, row] = 1
      let value = Double(sign: .plus, exponent: -(row % 13), significand: 1)
      b[row, (row + 1) % k] = Float(row % 2 == 0 ? -value : value)
      expected += value / Double(k)
    }
    let found = try meanCosines(between: a, and: b, rank: k)
    #expect(abs(found[0, 0] - expected) <= 1e-8)
  }

  @Test("of more lines than products are held at a time")
  func manyGroups() throws {
    let (p, q) = (2100, 2050)
    let a = Matrix<Float>.random(p, 3, seed: 1)
    let b = Matrix<Float>.random(q, 3, seed: 2)
    func normalised(_ matrix: Matrix<Float>) -> Matrix<Float> {
      var result = matrix
      for row in 0..<matrix.rowCount {
        let norm = (0..<3).reduce(Float(0)) { $0 + matrix[row, $1] * matrix[row, $1] }.squareRoot()
        for column in 0..<3 { result[row, column] /= norm }
      }
      return result
    }
    let (left, right) = (normalised(a), normalised(b))
    let found = try meanCosines(between: left, and: right, rank: 1)
    let inner = product(left.doubled(), right.doubled(), rightTransposed: true)
    expectClose(found.elements, inner.elements.map { min(1, abs($0)) }, within: 1e-6)
  }

  @Test("of no bases are none")
  func nothing() throws {
    let some = Matrix<Float>(
      rowCount: 4, columnCount: 5, elements: [Float](repeating: 0, count: 20))
    let none = Matrix<Float>(rowCount: 0, columnCount: 5)
    #expect(try meanCosines(between: none, and: some, rank: 2).elements.isEmpty)
    #expect(try meanCosines(between: some, and: none, rank: 2).rowCount == 2)
    #expect(try meanCosines(between: some, and: some, rank: 2).elements == [0, 0, 0, 0])
  }

  @Test(
    "the first bad element is named", arguments: [1, 2, 5, 50], [Float.nan, .infinity, -.infinity])
  func notFinite(k: Int, bad: Float) throws {
    let good = Self.stack(try Self.randomBases(3, 60, k, seed: 3))
    var broken = good
    broken[3 * k - 1, 7] = bad
    let expected = LinearAlgebraError.notFinite(row: 3 * k - 1, column: 7)
    #expect(throws: expected) { try meanCosines(between: broken, and: good, rank: k) }
    #expect(throws: expected) { try meanCosines(between: good, and: broken, rank: k) }
  }

  @Test("stacks that are not whole, or of other spaces, trap")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      let matrix = Matrix<Float>(rowCount: 3, columnCount: 4)
      _ = try meanCosines(between: matrix, and: matrix, rank: 2)
    }
    await #expect(processExitsWith: .failure) {
      let matrix = Matrix<Float>(rowCount: 6, columnCount: 2)
      _ = try meanCosines(between: matrix, and: matrix, rank: 3)
    }
    await #expect(processExitsWith: .failure) {
      _ = try meanCosines(
        between: Matrix(rowCount: 2, columnCount: 4), and: Matrix(rowCount: 2, columnCount: 3),
        rank: 2)
    }
    await #expect(processExitsWith: .failure) {
      let matrix = Matrix<Float>(rowCount: 2, columnCount: 4)
      _ = try meanCosines(between: matrix, and: matrix, rank: 0)
    }
  }
}
