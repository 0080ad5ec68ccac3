import LinearAlgebra
import Tensors
import Testing

/// Checks that what is no result does not pass for one.
@Suite struct SoundResultsTests {
  static let matrix = Matrix<Float>(rowCount: 2, columnCount: 3, elements: [3, 0, 0, 0, 4, 0])

  @Test("values with the matrix's sum of squares are singular values")
  func values() {
    #expect(areSingularValues([4, 3], of: Self.matrix))
    #expect(areSingularValues([0, 0], of: Matrix<Float>(rowCount: 2, columnCount: 3)))
  }

  @Test(
    "zeros, NaN, another sum and another order are not",
    arguments: [
      [0, 0], [.nan, .nan], [4, .nan], [.infinity, 3], [4, 2], [3, 4], [4, -3], [],
    ])
  func noValues(values: [Float]) {
    #expect(!areSingularValues(values, of: Self.matrix))
  }

  @Test("sums of squares neither overflow nor vanish", arguments: [1e-300, 1e300])
  func scale(factor: Double) {
    let scaled = Matrix<Double>(
      rowCount: 2, columnCount: 3,
      elements: Self.matrix.elements.map { Double($0) * factor })
    #expect(areSingularValues([4 * factor, 3 * factor], of: scaled))
    #expect(!areSingularValues([4 * factor, 2 * factor], of: scaled))
  }

  @Test("columns of norm 1 pass, and no others")
  func columns() {
    func columns(_ first: Float, _ second: Float) -> Matrix<Float> {
      Matrix(rowCount: 2, columnCount: 2, elements: [0.6, first, 0.8, second])
    }
    #expect(areUnitColumns(columns(0.8, -0.6)))
    #expect(!areUnitColumns(columns(0, 0)))
    #expect(!areUnitColumns(columns(.nan, 1)))
    #expect(!areUnitColumns(columns(0.8, -0.7)))
  }
}
