import LinearAlgebra
import Tensors
import Testing

/// Checks the contract of `LowRankSum`: every bit is that of the plain sum.
@Suite struct LowRankSumTests {
  /// m, n, t: terms in groups of four and the rest of them, rows of all lengths, and nothing.
  static let shapes = [
    (1, 1, 1), (5, 7, 0), (3, 17, 2), (4, 33, 4), (2, 9, 5), (6, 1001, 7), (7, 5, 8), (3, 64, 19),
    (0, 4, 2), (4, 0, 3),
  ]

  /// ((base + l_0 r_0) + l_1 r_1) + ..., one operation after the other.
  private static func plain(
    base: Matrix<Float>?, _ left: Matrix<Float>, _ right: Matrix<Float>
  ) -> Matrix<Float> {
    var result = base ?? Matrix(rowCount: left.rowCount, columnCount: right.columnCount)
    for row in 0..<left.rowCount {
      for column in 0..<right.columnCount {
        for term in 0..<left.columnCount {
          // In double precision a product of two single ones is exact: it is rounded once here.
          let product = Float(Double(left[row, term]) * Double(right[term, column]))
          result[row, column] = Float(Double(result[row, column]) + Double(product))
        }
      }
    }
    return result
  }

  private static func bits(_ matrix: Matrix<Float>) -> [UInt32] {
    matrix.elements.map(\.bitPattern)
  }

  @Test(
    "is the plain sum bit for bit, alone, added and subtracted", arguments: shapes, [true, false])
  func plainSum(shape: (m: Int, n: Int, t: Int), hasBase: Bool) {
    let base = hasBase ? Matrix<Float>.random(shape.m, shape.n, seed: 1) : nil
    let left = Matrix<Float>.random(shape.m, shape.t, seed: 2)
    let right = Matrix<Float>.random(shape.t, shape.n, seed: 3)
    let target = Matrix<Float>.random(shape.m, shape.n, seed: 4)
    let expected = Self.plain(base: base, left, right)
    let sum = LowRankSum(base: base, left: left, right: right)
    #expect(Self.bits(sum.matrix()) == Self.bits(expected))
    let pairs = zip(target.elements, expected.elements)
    let added = sum.added(to: target)
    #expect(Self.bits(added) == pairs.map { ($0 + $1).bitPattern })
    let subtracted = sum.subtracted(from: target)
    #expect(Self.bits(subtracted) == pairs.map { ($0 - $1).bitPattern })
  }

  @Test("nothing is fused: a product is rounded before it is added")
  func unfused() {
    // (1 + e)^2 = 1 + 2 e + e^2 loses e^2 when it is rounded; fused, 1 less leaves it.
    let e: Float = 0x1p-23
    let factor = Matrix<Float>(rowCount: 1, columnCount: 1, elements: [1 + e])
    let base = Matrix<Float>(rowCount: 1, columnCount: 1, elements: [-1])
    let sum = LowRankSum(base: base, left: factor, right: factor)
    #expect(sum.matrix()[0, 0] == 2 * e)
  }

  @Test("Shapes that do not fit are a trap")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      _ = LowRankSum(
        base: nil, left: Matrix(rowCount: 2, columnCount: 3),
        right: Matrix(rowCount: 2, columnCount: 3))
    }
    await #expect(processExitsWith: .failure) {
      _ = LowRankSum(
        base: Matrix(rowCount: 3, columnCount: 3), left: Matrix(rowCount: 2, columnCount: 1),
        right: Matrix(rowCount: 1, columnCount: 3))
    }
  }
}
