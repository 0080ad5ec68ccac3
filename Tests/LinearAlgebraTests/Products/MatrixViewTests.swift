import LinearAlgebra
import Tensors
import Testing

/// Checks that views show the elements of the matrix that lends them.
@Suite struct MatrixViewTests {
  /// Element (i, j) is 10 i + j.
  static let matrix = Matrix<Float>(
    rowCount: 4, columnCount: 6, elements: (0..<24).map { Float($0 / 6 * 10 + $0 % 6) })

  /// All elements, row after row.
  static func elements(_ view: MatrixView<Float>) -> [[Float]] {
    (0..<view.rowCount).map { row in (0..<view.columnCount).map { view[row, $0] } }
  }

  @Test("of rows, columns and both, in either order")
  func parts() {
    Self.matrix.withView { whole in
      #expect(whole.rowCount == 4 && whole.columnCount == 6)
      #expect(Self.elements(whole.rows(1..<3)).map(\.first) == [10, 20])
      #expect(Self.elements(whole.columns(4..<6))[3] == [34, 35])
      let part = Self.elements(whole.rows(1..<3).columns(2..<4))
      #expect(part == [[12, 13], [22, 23]])
      #expect(Self.elements(whole.columns(2..<4).rows(1..<3)) == part)
      #expect(Self.elements(whole.columns(1..<5).columns(1..<3).rows(1..<3)) == part)
    }
  }

  @Test("of the transpose, and of its parts")
  func transposed() {
    Self.matrix.withView { whole in
      let turned = whole.transposed
      #expect(turned.rowCount == 6 && turned.columnCount == 4)
      #expect(Self.elements(turned)[5] == [5, 15, 25, 35])
      #expect(Self.elements(turned.rows(2..<4).columns(1..<3)) == [[12, 22], [13, 23]])
      #expect(Self.elements(turned.transposed) == Self.elements(whole))
    }
  }

  @Test("of nothing have no elements")
  func nothing() {
    Matrix<Float>(rowCount: 0, columnCount: 3).withView { #expect(Self.elements($0) == []) }
    Self.matrix.withView { whole in
      #expect(whole.rows(4..<4).rowCount == 0)
      #expect(Self.elements(whole.columns(6..<6)) == [[], [], [], []])
    }
  }

  @Test("in double precision, times a factor")
  func widened() {
    Self.matrix.withView { whole in
      let wide = whole.rows(0..<2).transposed.widened(times: 0.1)
      #expect(wide.rowCount == 6 && wide.columnCount == 2)
      #expect(wide[3, 1] == 13 * 0.1)
    }
  }

  @Test("the lender's error passes")
  func errors() {
    #expect(throws: LinearAlgebraError.zeroMatrix) {
      try Self.matrix.withView { _ throws(LinearAlgebraError) in throw .zeroMatrix }
    }
  }

  @Test("places outside trap, also where memory goes on")
  func outside() async {
    await #expect(processExitsWith: .failure) {
      MatrixViewTests.matrix.withView { _ = $0.rows(3..<5) }
    }
    await #expect(processExitsWith: .failure) {
      MatrixViewTests.matrix.withView { _ = $0.columns(0..<3).columns(2..<4) }
    }
    await #expect(processExitsWith: .failure) {
      MatrixViewTests.matrix.withView { _ = $0.columns(0..<3)[0, 3] }
    }
  }
}
