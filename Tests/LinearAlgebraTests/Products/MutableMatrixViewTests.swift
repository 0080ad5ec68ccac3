import LinearAlgebra
import Tensors
import Testing

/// Checks that what is written to a view is written to the matrix that lends it, and nowhere else.
@Suite struct MutableMatrixViewTests {
  @Test("of a part: its elements are written, and those beside it keep theirs")
  func parts() {
    var matrix = Matrix<Float>(rowCount: 3, columnCount: 4)
    matrix.withMutableView { whole in
      let part = whole.rows(1..<3).columns(1..<3)
      for row in 0..<2 { for column in 0..<2 { part[row, column] = Float(10 * row + column + 1) } }
      #expect(part.readOnly[1, 1] == 12)
    }
    #expect(matrix.elements == [0, 0, 0, 0, 0, 1, 2, 0, 0, 11, 12, 0] as [Float])
  }

  @Test("takes over another view, as it lies or transposed")
  func assign() {
    let source = MatrixViewTests.matrix
    var target = Matrix<Float>(rowCount: 4, columnCount: 5)
    source.withView { source in
      target.withMutableView { target in
        target.rows(0..<2).columns(0..<3).assign(source.rows(2..<4).columns(1..<4))
        target.rows(2..<4).columns(1..<5).assign(source.columns(0..<2).transposed)
      }
    }
    #expect(
      target.elements == [
        21, 22, 23, 0, 0, 31, 32, 33, 0, 0, 0, 0, 10, 20, 30, 0, 1, 11, 21, 31,
      ] as [Float])
  }

  @Test("a view of another shape traps")
  func wrongShape() async {
    await #expect(processExitsWith: .failure) {
      var target = Matrix<Float>(rowCount: 6, columnCount: 3)
      MatrixViewTests.matrix.withView { source in target.withMutableView { $0.assign(source) } }
    }
  }
}
