import LinearAlgebra
import SpectralDecoupling
import Tensors
import Testing

/// Checks the contract of `GradientSplit`, clause by clause, in double precision.
@Suite struct GradientSplitTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let rows: Int
    let columns: Int
    let rank: Int
    let left: Bool
    let right: Bool
    /// How much larger the gradient is along the bases than elsewhere.
    let dominance: Float
    var testDescription: String {
      "\(rows) x \(columns), \(rank), \(left) \(right), dominance \(dominance)"
    }
  }

  static let cases = [
    Case(rows: 40, columns: 64, rank: 8, left: true, right: true, dominance: 1),
    Case(rows: 65, columns: 33, rank: 4, left: true, right: true, dominance: 1000),
    Case(rows: 24, columns: 40, rank: 1, left: false, right: true, dominance: 30),
    Case(rows: 40, columns: 24, rank: 3, left: true, right: false, dominance: 30),
  ]

  private static func random(
    _ rows: Int, _ columns: Int, _ generator: inout SeededGenerator
  ) -> Matrix<Float> {
    Matrix(
      rowCount: rows, columnCount: columns,
      elements: (0..<rows * columns).map { _ in Float(generator.normal()) })
  }

  private static func make(_ shape: Case) throws -> (Matrix<Float>, CommonBases) {
    var generator = SeededGenerator(seed: 7)
    let u = try orthonormalColumns(of: random(shape.rows, shape.rank, &generator))
    let v = try orthonormalColumns(of: random(shape.columns, shape.rank, &generator))
    var gradient = random(shape.rows, shape.columns, &generator)
    let along = product(
      product(u, random(shape.rank, shape.rank, &generator)), v, rightTransposed: true)
    for place in gradient.elements.indices {
      gradient.elements[place] += shape.dominance * along.elements[place]
    }
    return (gradient, CommonBases(left: shape.left ? u : nil, right: shape.right ? v : nil))
  }

  private func norm(_ matrix: Matrix<Double>) -> Double {
    matrix.elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  @Test("the parts add up, and the unique one is orthogonal to the bases", arguments: cases)
  func parts(shape: Case) throws {
    let (gradient, bases) = try Self.make(shape)
    let split = GradientSplit(of: gradient, along: bases)
    let largest = gradient.elements.reduce(0) { max($0, abs($1)) }
    for place in gradient.elements.indices {
      // One rounding of the difference, one of this sum.
      let sum = split.common.elements[place] + split.unique.elements[place]
      #expect(abs(sum - gradient.elements[place]) <= 2 * 0x1p-23 * largest)
    }
    let unique = split.unique.widened()
    let size = norm(unique)
    #expect(size > 1)
    if let left = bases.left {
      #expect(norm(product(left.widened(), leftTransposed: true, unique)) <= 1e-5 * size)
    }
    if let right = bases.right {
      #expect(norm(product(unique, right.widened())) <= 1e-5 * size)
    }
    let inner = zip(split.common.elements, split.unique.elements)
      .reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    #expect(abs(inner) <= 1e-5 * size * norm(split.common.widened()))
  }

  @Test("agree with the definition in double precision", arguments: cases)
  func definition(shape: Case) throws {
    let (gradient, bases) = try Self.make(shape)
    let split = GradientSplit(of: gradient, along: bases)
    var expected = gradient.widened()
    func subtract(_ part: Matrix<Double>) {
      for place in expected.elements.indices { expected.elements[place] -= part.elements[place] }
    }
    if let left = bases.left?.widened() {
      subtract(product(left, product(left, leftTransposed: true, expected)))
    }
    if let right = bases.right?.widened() {
      subtract(product(product(expected, right), right, rightTransposed: true))
    }
    let difference = zip(expected.elements, split.unique.elements)
      .reduce(0.0) { $0 + ($1.0 - Double($1.1)) * ($1.0 - Double($1.1)) }.squareRoot()
    // Bases rounded to single precision are orthonormal to some 1e-7.
    #expect(difference <= 2e-6 * norm(gradient.widened()))
  }

  @Test("splitting again changes nothing", arguments: cases)
  func idempotence(shape: Case) throws {
    let (gradient, bases) = try Self.make(shape)
    let split = GradientSplit(of: gradient, along: bases)
    let ofUnique = GradientSplit(of: split.unique, along: bases)
    #expect(norm(ofUnique.common.widened()) <= 1e-5 * norm(split.unique.widened()))
    let ofCommon = GradientSplit(of: split.common, along: bases)
    #expect(norm(ofCommon.unique.widened()) <= 2e-6 * norm(split.common.widened()))
  }

  @Test("the common part has at most the rank of both bases", arguments: cases)
  func rank(shape: Case) throws {
    let (gradient, bases) = try Self.make(shape)
    let split = GradientSplit(of: gradient, along: bases)
    let values = try singularValues(of: split.common.widened())
    let rank = (shape.left ? shape.rank : 0) + (shape.right ? shape.rank : 0)
    #expect(values[rank] <= 5e-7 * values[0])
    #expect(values[rank - 1] > 1e-6 * values[0])
  }

  @Test("a gradient of zeros has parts of zeros")
  func zero() throws {
    let (gradient, bases) = try Self.make(Self.cases[0])
    let zero = Matrix<Float>(rowCount: gradient.rowCount, columnCount: gradient.columnCount)
    let split = GradientSplit(of: zero, along: bases)
    #expect(split.common == zero)
    #expect(split.unique == zero)
  }
}
