package import Tensors

/// A rectangle of a matrix that is lent for reading, as it lies in memory or transposed.
///
/// It copies nothing: rows, columns and the transpose are views of the same elements, which BLAS
/// reads in place.
///
/// ```swift
/// let cosines = a.withView { a in
///   b.withView { b in product(a.columns(0..<k).transposed, b.columns(0..<k)) }
/// }
/// ```
///
/// It owns nothing either: whoever lends it keeps the elements alive and unchanged for the length
/// of a call, and a view must not outlive that call.
@safe package struct MatrixView<Scalar: LAPACKScalar> {
  /// The number of rows.
  package let rowCount: Int
  /// The number of columns.
  package let columnCount: Int
  /// The first element; nil where there is none.
  @usableFromInline let base: UnsafePointer<Scalar>?
  /// The distance in elements between the starts of two lines in memory: of two rows, or of two
  /// columns where the view is transposed.
  @usableFromInline let stride: Int
  /// Whether the lines in memory are the columns.
  @usableFromInline let isTransposed: Bool

  init(
    base: UnsafePointer<Scalar>?, rowCount: Int, columnCount: Int, stride: Int,
    isTransposed: Bool = false
  ) {
    unsafe self.base = base
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.stride = stride
    self.isTransposed = isTransposed
  }

  /// The view with rows and columns exchanged.
  package var transposed: MatrixView {
    // Safe: the same elements.
    unsafe MatrixView(
      base: base, rowCount: columnCount, columnCount: rowCount, stride: stride,
      isTransposed: !isTransposed)
  }

  /// The view of some rows and all columns.
  ///
  /// - Precondition: The rows are rows of this view.
  package func rows(_ rows: Range<Int>) -> MatrixView {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount, "rows out of range")
    let distance = isTransposed ? rows.lowerBound : rows.lowerBound * stride
    // Safe: the rows lie inside this view.
    return unsafe MatrixView(
      base: base.map { unsafe $0 + distance }, rowCount: rows.count, columnCount: columnCount,
      stride: stride, isTransposed: isTransposed)
  }

  /// The view of all rows and some columns.
  ///
  /// - Precondition: The columns are columns of this view.
  package func columns(_ columns: Range<Int>) -> MatrixView {
    transposed.rows(columns).transposed
  }

  /// The element in row `row` and column `column`, both counted from 0.
  @inlinable
  package subscript(row: Int, column: Int) -> Scalar {
    precondition(
      0 <= row && row < rowCount && 0 <= column && column < columnCount, "no such element")
    guard let base = unsafe base else { preconditionFailure("a view of nothing has no elements") }
    // Safe: inside the view.
    return unsafe base[isTransposed ? column * stride + row : row * stride + column]
  }
}

extension MatrixView where Scalar == Float {
  /// The numbers times a factor, in double precision, as a matrix of their own.
  ///
  /// - Complexity: O(rows * columns); one pass.
  package func widened(times factor: Double = 1) -> Matrix<Double> {
    // The subscript of a matrix is another module's: to write through it takes many times longer.
    var elements: [Double] = []
    elements.reserveCapacity(rowCount * columnCount)
    for row in 0..<rowCount {
      for column in 0..<columnCount { elements.append(Double(self[row, column]) * factor) }
    }
    return Matrix(rowCount: rowCount, columnCount: columnCount, elements: elements)
  }
}

extension Matrix where Scalar: LAPACKScalar {
  /// Lends the whole matrix for reading for the length of a call.
  package func withView<Result, Failure: Error>(
    _ body: (MatrixView<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe elements.withUnsafeBufferPointer { storage throws(Failure) in
      // Safe: the storage holds rows * columns elements and outlives the call.
      try body(
        unsafe MatrixView(
          base: storage.baseAddress, rowCount: rowCount, columnCount: columnCount,
          stride: columnCount))
    }
  }
}
