/// A dense matrix of BF16 numbers as checkpoints store them, row after row.
///
/// BF16 is the upper half of a `Float`: sign, eight bits of exponent, seven of fraction.
package struct BF16Matrix: Sendable, Equatable {
  /// The number of rows.
  package let rowCount: Int

  /// The number of columns.
  package let columnCount: Int

  /// The bits of all elements, row after row: element (i, j) stands at `i * columnCount + j`.
  package var elements: [UInt16]

  /// Makes a matrix from the bits of its elements, row after row.
  ///
  /// - Precondition: There are exactly `rowCount * columnCount` elements, and no count is negative.
  package init(rowCount: Int, columnCount: Int, elements: [UInt16]) {
    precondition(rowCount >= 0 && columnCount >= 0, "a matrix cannot have a negative size")
    precondition(
      elements.count == rowCount * columnCount,
      "\(elements.count) elements do not fill \(rowCount) x \(columnCount)")
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.elements = elements
  }

  /// The same numbers in single precision.
  ///
  /// - Complexity: O(rows * columns); one pass.
  package func widened() -> Matrix<Float> {
    Matrix(
      rowCount: rowCount, columnCount: columnCount,
      elements: elements.map { Float(bitPattern: UInt32($0) &<< 16) })
  }
}
