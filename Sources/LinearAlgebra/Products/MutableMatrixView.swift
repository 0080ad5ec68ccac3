package import Tensors

/// A rectangle of a matrix that is lent for writing: what BLAS puts its results into.
///
/// Like a ``MatrixView`` it copies and owns nothing, and must not outlive the call that it is lent
/// for. Two that overlap must not be written to by one product.
@safe package struct MutableMatrixView<Scalar: LAPACKScalar> {
  /// The number of rows.
  package let rowCount: Int
  /// The number of columns.
  package let columnCount: Int
  /// The first element; nil where there is none.
  @usableFromInline let base: UnsafeMutablePointer<Scalar>?
  /// The distance between the starts of two rows, in elements.
  @usableFromInline let stride: Int

  init(base: UnsafeMutablePointer<Scalar>?, rowCount: Int, columnCount: Int, stride: Int) {
    unsafe self.base = base
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.stride = stride
  }

  /// The same rectangle for reading.
  package var readOnly: MatrixView<Scalar> {
    // Safe: the same elements.
    unsafe MatrixView(
      base: base.map { unsafe UnsafePointer($0) }, rowCount: rowCount, columnCount: columnCount,
      stride: stride)
  }

  /// The view of some rows and all columns.
  ///
  /// - Precondition: The rows are rows of this view.
  package func rows(_ rows: Range<Int>) -> MutableMatrixView {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount, "rows out of range")
    // Safe: the rows lie inside this view.
    return unsafe MutableMatrixView(
      base: base.map { unsafe $0 + rows.lowerBound * stride }, rowCount: rows.count,
      columnCount: columnCount, stride: stride)
  }

  /// The view of all rows and some columns.
  ///
  /// - Precondition: The columns are columns of this view.
  package func columns(_ columns: Range<Int>) -> MutableMatrixView {
    precondition(
      columns.lowerBound >= 0 && columns.upperBound <= columnCount, "columns out of range")
    // Safe: the columns lie inside this view.
    return unsafe MutableMatrixView(
      base: base.map { unsafe $0 + columns.lowerBound }, rowCount: rowCount,
      columnCount: columns.count, stride: stride)
  }

  /// The element in row `row` and column `column`, both counted from 0.
  @inlinable
  package subscript(row: Int, column: Int) -> Scalar {
    get { readOnly[row, column] }
    nonmutating set {
      precondition(
        0 <= row && row < rowCount && 0 <= column && column < columnCount, "no such element")
      guard let base = unsafe base else { preconditionFailure("a view of nothing has no elements") }
      // Safe: inside the view.
      unsafe base[row * stride + column] = newValue
    }
  }

  /// Copies the elements of another view into this one.
  ///
  /// - Precondition: The shapes agree, and the views do not overlap.
  /// - Complexity: O(rows * columns)
  @inlinable
  package func assign(_ source: MatrixView<Scalar>) {
    precondition(
      source.rowCount == rowCount && source.columnCount == columnCount, "other shapes")
    guard let base = unsafe base, let elements = unsafe source.base else { return }
    for row in 0..<rowCount {
      // Safe: both views have the same shape.
      if source.isTransposed {
        for column in 0..<columnCount {
          unsafe base[row * stride + column] = elements[column * source.stride + row]
        }
      } else {
        unsafe (base + row * stride).update(
          from: elements + row * source.stride, count: columnCount)
      }
    }
  }
}

extension Matrix where Scalar: LAPACKScalar {
  /// Lends the whole matrix for writing for the length of a call.
  package mutating func withMutableView<Result, Failure: Error>(
    _ body: (MutableMatrixView<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let rows = rowCount
    let columns = columnCount
    return try unsafe elements.withUnsafeMutableBufferPointer { storage throws(Failure) in
      // Safe: the storage holds rows * columns elements and outlives the call.
      try body(
        unsafe MutableMatrixView(
          base: storage.baseAddress, rowCount: rows, columnCount: columns, stride: columns))
    }
  }
}
