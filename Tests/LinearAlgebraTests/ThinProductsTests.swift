import LinearAlgebra
import Testing
import Tensors

@Suite struct ThinProductsTests {
  /// m, n, a, b: one group, several with a shorter last one, rows wider than a group allows.
  @Test(arguments: [
    (5, 7, 2, 3), (700, 300, 16, 8), (311, 1024, 8, 16), (3, 70_000, 16, 16), (0, 4, 2, 2),
  ])
  func agreesWithSumsInDoublePrecision(m: Int, n: Int, a: Int, b: Int) throws {
    let matrix = random(m, n, seed: 1)
    let left = random(m, a, seed: 2)
    let right = random(n, b, seed: 3)
    let found = thinProducts(of: matrix, left: left, right: right)
    let along = product(left.widened(), leftTransposed: true, matrix.widened())
    let across = product(matrix.widened(), right.widened())
    // Each sum of `terms` products of numbers up to 1 is off by terms^2 * 2^-24 at most.
    expectNear(try #require(found.left), along, terms: m)
    expectNear(try #require(found.right), across, terms: n)
  }

  @Test func leavesOutWhatIsNotWanted() {
    let matrix = random(9, 6, seed: 4)
    #expect(thinProducts(of: matrix, left: nil, right: random(6, 2, seed: 5)).left == nil)
    #expect(thinProducts(of: matrix, left: random(9, 2, seed: 6), right: nil).right == nil)
  }

  @Test func distanceIsTheNormOfTheDifference() {
    var second = random(37, 19, seed: 7)
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

  private func expectNear(_ found: Matrix<Float>, _ exact: Matrix<Double>, terms: Int) {
    #expect(found.rowCount == exact.rowCount && found.columnCount == exact.columnCount)
    let allowed = Double(terms * terms) * 0x1p-24
    let worst = zip(found.elements, exact.elements).map { abs(Double($0) - $1) }.max() ?? 0
    #expect(worst <= allowed)
  }

  private func random(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix<Float> {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rowCount: rows, columnCount: columns,
      elements: (0..<rows * columns).map { _ in Float(max(-1, min(1, generator.normal() / 4))) })
  }
}
