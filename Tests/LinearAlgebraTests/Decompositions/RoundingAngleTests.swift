import Foundation
import LinearAlgebra
import Tensors
import Testing

/// Checks the angle that rounding is said to turn leading directions by against directions turned.
@Suite struct RoundingAngleTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// Strengths of planted directions, over the largest singular value of chance.
  static let strengths = [4.0, 3, 2, 1.5]

  @Test(
    "Planted directions are turned by no more than is said, and by more than a third of it",
    arguments: [(160, 256), (256, 160)], [4, 8])
  func angles(size: (rows: Int, columns: Int), bitCount: Int) throws {
    let rounding = Rounding(bitCount: bitCount, blockSize: 32)
    var (turned, told) = ([Double](repeating: 0, count: 4), [Double](repeating: 0, count: 4))
    for seed in 0..<4 {
      let exact = try Self.planted(size.rows, size.columns, seed: UInt64(seed))
      let rounded = Matrix(
        rowCount: size.rows, columnCount: size.columns,
        elements: Self.rounded(exact.elements, levels: 1 << bitCount))
      let before = try SingularValueDecomposition(of: exact)
      let after = try SingularValueDecomposition(of: rounded)
      // Chance has the root mean square of the matrix as it is.
      let norm = exact.elements.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let edge =
        norm / Double(size.rows * size.columns).squareRoot()
        * (Double(size.rows).squareRoot() + Double(size.columns).squareRoot())
      for place in Self.strengths.indices {
        let strength = before.singularValues[place] / edge
        let own = column(place, of: before.right)
        // What the subspace of all four keeps of the direction.
        let kept = Self.strengths.indices.reduce(0.0) { sum, other in
          let product = zip(own, column(other, of: after.right)).reduce(0) { $0 + $1.0 * $1.1 }
          return sum + product * product
        }
        turned[place] += max(0, 1 - kept) / 4
        let angle = rounding.angle(
          strength: strength, dimensionCount: size.columns, otherCount: size.rows)
        told[place] += pow(sin(angle), 2) / 4
      }
    }
    for (turned, told) in zip(turned, told) {
      // Planted directions make the numbers less normal, and their errors larger.
      #expect(turned <= 1.1 * told, "\(turned.squareRoot()) and \(told.squareRoot())")
      #expect(turned >= told / 9, "\(turned.squareRoot()) and \(told.squareRoot())")
    }
  }

  @Test(
    "Far from chance the angle is the relative error over the strength, on square matrices half")
  func far() {
    let rounding = Rounding(bitCount: 8, blockSize: 128)
    let angle = rounding.angle(strength: 100, dimensionCount: 500, otherCount: 500)
    #expect(abs(angle / (rounding.relativeError / 200) - 1) < 1e-3)
  }

  /// Independent numbers of unit variance, and directions above their largest singular value.
  static func planted(_ rows: Int, _ columns: Int, seed: UInt64) throws -> Matrix<Double> {
    var generator = SeededGenerator(seed: seed)
    let bulk = Matrix<Double>.random(rows, columns, using: &generator)
    let left = try orthonormalColumns(of: Matrix<Double>.random(rows, 4, using: &generator))
    let right = try orthonormalColumns(of: Matrix<Double>.random(columns, 4, using: &generator))
    let edge = Double(rows).squareRoot() + Double(columns).squareRoot()
    var elements = bulk.elements
    for row in 0..<rows {
      for column in 0..<columns {
        for (place, strength) in strengths.enumerated() {
          elements[row * columns + column] +=
            strength * edge * left.elements[row * 4 + place] * right.elements[column * 4 + place]
        }
      }
    }
    return Matrix(rowCount: rows, columnCount: columns, elements: elements)
  }

  /// Rounds groups of 32 to evenly spaced levels between their largest magnitude and its negative.
  static func rounded(_ numbers: [Double], levels: Int) -> [Double] {
    stride(from: 0, to: numbers.count, by: 32).flatMap { start -> [Double] in
      let group = numbers[start..<start + 32]
      let step = 2 * (group.map(\.magnitude).max() ?? 0) / Double(levels - 1)
      return group.map { (($0 / step - 0.5).rounded() + 0.5) * step }
    }
  }

  private func column(_ place: Int, of matrix: Matrix<Double>) -> [Double] {
    (0..<matrix.rowCount).map { matrix.elements[$0 * matrix.columnCount + place] }
  }
}
