import Tensors
import Testing

/// Checks the contract of `Matrix`.
@Suite struct MatrixTests {
  /// A matrix whose element (i, j) is 100 i + j, so that each element says where it belongs.
  static func numbered(_ rows: Int, _ columns: Int) -> Matrix<Double> {
    Matrix(
      rowCount: rows, columnCount: columns,
      elements: (0..<rows).flatMap { row in (0..<columns).map { Double(100 * row + $0) } })
  }

  static let shapes = [(1, 1), (1, 4), (4, 1), (3, 5), (5, 3), (0, 3), (3, 0), (0, 0), (17, 33)]

  @Test("element (i, j) stands at i * columnCount + j", arguments: shapes)
  func rowMajor(rows: Int, columns: Int) {
    let matrix = Self.numbered(rows, columns)
    #expect(matrix.rowCount == rows)
    #expect(matrix.columnCount == columns)
    for row in 0..<rows {
      for column in 0..<columns { #expect(matrix[row, column] == Double(100 * row + column)) }
    }
  }

  @Test("writing an element changes that one alone")
  func write() {
    var matrix = Self.numbered(3, 5)
    let before = matrix
    matrix[1, 3] = -1
    #expect(matrix != before)
    #expect(matrix.elements[8] == -1)
    #expect(zip(matrix.elements, before.elements).filter { $0 != $1 }.count == 1)
  }

  @Test("without elements it is zero", arguments: shapes)
  func zeros(rows: Int, columns: Int) {
    let matrix = Matrix<Float>(rowCount: rows, columnCount: columns)
    #expect(matrix.elements == [Float](repeating: 0, count: rows * columns))
  }

  @Test("transposition exchanges rows and columns, and twice is nothing", arguments: shapes)
  func transposition(rows: Int, columns: Int) {
    let matrix = Self.numbered(rows, columns)
    let transposed = matrix.transposed()
    #expect(transposed.rowCount == columns)
    #expect(transposed.columnCount == rows)
    for row in 0..<rows {
      for column in 0..<columns { #expect(transposed[column, row] == matrix[row, column]) }
    }
    #expect(transposed.transposed() == matrix)
  }

  @Test("leading columns are the first ones, from none to all", arguments: shapes)
  func leadingColumns(rows: Int, columns: Int) {
    let matrix = Self.numbered(rows, columns)
    for count in 0...columns {
      #expect(matrix.leadingColumns(count) == Self.numbered(rows, count))
    }
  }

  // MARK: Traps

  @Test("too few elements trap")
  func tooFewElements() async {
    await #expect(processExitsWith: .failure) {
      _ = Matrix<Float>(rowCount: 2, columnCount: 3, elements: [1, 2, 3, 4, 5])
    }
  }

  @Test("negative sizes trap, even when their product fits")
  func negativeSizes() async {
    await #expect(processExitsWith: .failure) {
      _ = Matrix<Float>(rowCount: -1, columnCount: -2, elements: [1, 2])
    }
  }

  @Test("more leading columns than there are trap", arguments: [-1, 4])
  func tooManyColumns(count: Int) async {
    await #expect(processExitsWith: .failure) { [count] in
      _ = Matrix<Float>(rowCount: 2, columnCount: 3).leadingColumns(count)
    }
  }
}
