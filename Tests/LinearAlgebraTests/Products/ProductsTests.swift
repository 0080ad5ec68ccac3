import LinearAlgebra
import Tensors
import Testing

/// Checks the contract of `product(_:leftTransposed:_:rightTransposed:)`.
@Suite struct ProductsTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// Rows, inner size and columns.
  static let sizes = [(1, 1, 1), (2, 3, 4), (7, 1, 5), (1, 9, 1), (17, 33, 8), (64, 50, 70)]
  static let cases = [(false, false), (false, true), (true, false), (true, true)]

  @Test("is the sum of products in all four cases", arguments: sizes, cases)
  func againstLoops(size: (rows: Int, inner: Int, columns: Int), transposed: (Bool, Bool)) {
    expectProduct(Double.self, size, transposed)
    expectProduct(Float.self, size, transposed)
  }

  func expectProduct<Scalar: LAPACKScalar>(
    _ scalar: Scalar.Type, _ size: (rows: Int, inner: Int, columns: Int), _ transposed: (Bool, Bool)
  ) {
    let left = Matrix<Scalar>.random(size.rows, size.inner, seed: 1)
    let right = Matrix<Scalar>.random(size.inner, size.columns, seed: 2)
    let found = product(
      transposed.0 ? left.transposed() : left, leftTransposed: transposed.0,
      transposed.1 ? right.transposed() : right, rightTransposed: transposed.1)
    #expect(found.rowCount == size.rows && found.columnCount == size.columns)
    for row in 0..<size.rows {
      for column in 0..<size.columns {
        var sum = 0.0
        var magnitude = 0.0
        for inner in 0..<size.inner {
          let term = Double(left[row, inner]) * Double(right[inner, column])
          sum += term
          magnitude += abs(term)
        }
        // In any order of summation: one rounding for each term, relative to the sum of magnitudes.
        let allowed = Double(size.inner) * Double(Scalar.ulpOfOne) * magnitude
        #expect(abs(Double(found[row, column]) - sum) <= allowed)
      }
    }
  }

  @Test(
    "with a size of zero is zero or empty",
    arguments: [(2, 0, 3), (0, 4, 3), (2, 4, 0), (0, 0, 0)], cases)
  func empty(size: (rows: Int, inner: Int, columns: Int), transposed: (Bool, Bool)) {
    let left = Matrix<Double>.random(size.rows, size.inner, seed: 1)
    let right = Matrix<Double>.random(size.inner, size.columns, seed: 2)
    let found = product(
      transposed.0 ? left.transposed() : left, leftTransposed: transposed.0,
      transposed.1 ? right.transposed() : right, rightTransposed: transposed.1)
    #expect(found == Matrix<Double>(rowCount: size.rows, columnCount: size.columns))
  }

  @Test("inner sizes that do not agree trap, also where transposition would make them agree")
  func wrongShapes() async {
    await #expect(processExitsWith: .failure) {
      _ = product(
        Matrix<Double>(rowCount: 2, columnCount: 3), Matrix<Double>(rowCount: 2, columnCount: 3))
    }
  }
}
