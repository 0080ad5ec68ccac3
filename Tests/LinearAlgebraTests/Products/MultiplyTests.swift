import LinearAlgebra
import Tensors
import Testing

/// Checks the contracts of `multiply(_:_:factor:keeping:into:)` and
/// `addSquare(of:toLowerTriangleOf:)`.
@Suite struct MultiplyTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  @Test("of parts has the bits of the product of copies")
  func parts() {
    let left = Matrix<Float>.random(40, 33, seed: 1)
    let right = Matrix<Float>.random(50, 29, seed: 2)
    let copies = product(left.leadingColumns(17).leadingRows(31), right.leadingRows(17))
    var found = Matrix<Float>(rowCount: 35, columnCount: 64)
    left.withView { left in
      right.withView { right in
        found.withMutableView {
          multiply(
            left.rows(0..<31).columns(0..<17), right.rows(0..<17),
            into: $0.rows(2..<33).columns(5..<34))
        }
      }
    }
    for row in 0..<35 {
      for column in 0..<64 {
        let isInside = (2..<33).contains(row) && (5..<34).contains(column)
        #expect(found[row, column] == (isInside ? copies[row - 2, column - 5] : 0))
      }
    }
  }

  @Test("takes a factor, and keeps a part of what was there")
  func factors() {
    // Whole numbers: every sum is exact. L L^T = (5 11; 11 25).
    let left = Matrix<Double>(rowCount: 2, columnCount: 2, elements: [1, 2, 3, 4])
    var target = Matrix<Double>(rowCount: 2, columnCount: 2, elements: [10, 20, 30, 40])
    left.withView { left in
      target.withMutableView { multiply(left, left.transposed, factor: -2, keeping: 3, into: $0) }
    }
    #expect(target.elements == [20, 38, 68, 70] as [Double])
    // What counts nothing may be anything.
    target.elements = [.nan, .infinity, 0, 1]
    left.withView { left in target.withMutableView { multiply(left, left, into: $0) } }
    #expect(target.elements == [7, 10, 15, 22] as [Double])
  }

  @Test("adds squares to the lower triangle alone, also of a transpose")
  func squares() {
    // R^T R = (35 44; 44 56).
    let rows = Matrix<Double>(rowCount: 3, columnCount: 2, elements: [1, 2, 3, 4, 5, 6])
    for matrix in [rows, rows.transposed()] {
      var target = Matrix<Double>(rowCount: 2, columnCount: 2, elements: [1, 1, 1, 1])
      matrix.withView { view in
        target.withMutableView {
          addSquare(of: matrix.rowCount == 3 ? view : view.transposed, toLowerTriangleOf: $0)
        }
      }
      #expect(target.elements == [36, 1, 45, 57] as [Double])
    }
  }

  @Test("shapes that do not fit trap")
  func wrongShapes() async {
    await #expect(processExitsWith: .failure) {
      let left = Matrix<Double>(rowCount: 2, columnCount: 3)
      var target = Matrix<Double>(rowCount: 2, columnCount: 3)
      left.withView { left in
        target.withMutableView { multiply(left, left.transposed, into: $0) }
      }
    }
  }
}
