import CLAPACKE
public import Tensors

/// A thin singular value decomposition: W = U diag(s) V^T.
public struct SingularValueDecomposition<Scalar: LAPACKScalar>: Sendable {
  /// The r = min(rows, columns) singular values, largest first.
  public let singularValues: [Scalar]

  /// The left singular vectors: rows x r, one vector in each column.
  public let left: Matrix<Scalar>

  /// The right singular vectors: r x columns, one vector in each row.
  public let rightRows: Matrix<Scalar>

  /// The right singular vectors: columns x r, one vector in each column.
  ///
  /// - Complexity: O(columns * r) at each use: they are computed as rows and transposed here.
  public var right: Matrix<Scalar> { rightRows.transposed() }

  /// Decomposes a matrix with LAPACK's divide-and-conquer method.
  ///
  /// Singular values have an absolute error of a few ulp times the largest one; vectors are
  /// orthonormal.
  ///
  /// - Parameter matrix: m x n, every element finite.
  /// - Throws: ``LinearAlgebraError`` for an empty matrix, and LAPACK's own failures.
  /// - Complexity: O(m n min(m, n)) time; memory for a copy of the matrix, the vectors, and
  ///   LAPACK's work space of about 4 min(m, n)^2 elements.
  ///
  /// Source: LAPACK's `gesdd`.
  public init(of matrix: Matrix<Scalar>) throws(LinearAlgebraError) {
    let rows = matrix.rowCount
    let columns = matrix.columnCount
    let rank = min(rows, columns)
    guard rank > 0 else { throw .emptyMatrix(rowCount: rows, columnCount: columns) }
    // LAPACK reads our row-major rows as the columns of W^T = V diag(s) U^T: what it calls U is our
    // V, and its V^T, read row after row, is our U. Its U, read row after row, is V^T.
    let m = try lapackSize(columns)
    let n = try lapackSize(rows)
    let r = try lapackSize(rank)
    var overwritten = matrix.elements
    var values = [Scalar](repeating: 0, count: rank)
    var rightElements = [Scalar](repeating: 0, count: columns * rank)
    var leftElements = [Scalar](repeating: 0, count: rows * rank)
    let info = unsafe overwritten.withUnsafeMutableBufferPointer { a in
      unsafe values.withUnsafeMutableBufferPointer { s in
        unsafe rightElements.withUnsafeMutableBufferPointer { u in
          unsafe leftElements.withUnsafeMutableBufferPointer { vt in
            // Safe: a holds m * n elements with leading dimension m, s holds r, u m * r, vt r * n.
            unsafe Scalar.routines.gesdd(
              LAPACK_COL_MAJOR, lapackLetter("S"), m, n, a.baseAddress, m, s.baseAddress,
              u.baseAddress, m, vt.baseAddress, r)
          }
        }
      }
    }
    try checkStatus(info, of: "gesdd")
    singularValues = values
    left = Matrix(rowCount: rows, columnCount: rank, elements: leftElements)
    rightRows = Matrix(rowCount: rank, columnCount: columns, elements: rightElements)
    guard areSingularValues(values, of: matrix), areUnitColumns(left),
      areUnitColumns(rightRows.transposed())
    else { throw .unsoundResult(routine: "gesdd") }
  }
}

/// Computes the singular values of a small matrix, largest first.
///
/// - Parameter matrix: Any shape with at least one row and column, every element finite.
/// - Returns: min(rows, columns) values with an absolute error of a few ulp times the largest one.
/// - Throws: ``LinearAlgebraError`` for an empty matrix, and LAPACK's own failures.
/// - Complexity: O(m n min(m, n)).
///
/// Source: LAPACK's `gesdd` without vectors.
public func singularValues<Scalar: LAPACKScalar>(
  of matrix: Matrix<Scalar>
) throws(LinearAlgebraError) -> [Scalar] {
  let rank = min(matrix.rowCount, matrix.columnCount)
  guard rank > 0 else {
    throw .emptyMatrix(rowCount: matrix.rowCount, columnCount: matrix.columnCount)
  }
  // W and W^T have the same singular values, so swapping m and n replaces a transposing copy.
  let m = try lapackSize(matrix.columnCount)
  let n = try lapackSize(matrix.rowCount)
  var overwritten = matrix.elements
  var values = [Scalar](repeating: 0, count: rank)
  let info = unsafe overwritten.withUnsafeMutableBufferPointer { a in
    unsafe values.withUnsafeMutableBufferPointer { s in
      // Safe: a holds m * n elements with leading dimension m, s holds min(m, n), and job "N" makes
      // LAPACK ignore the vector arguments.
      unsafe Scalar.routines.gesdd(
        LAPACK_COL_MAJOR, lapackLetter("N"), m, n, a.baseAddress, m, s.baseAddress, nil, m, nil, n)
    }
  }
  try checkStatus(info, of: "gesdd")
  guard areSingularValues(values, of: matrix) else { throw .unsoundResult(routine: "gesdd") }
  return values
}
