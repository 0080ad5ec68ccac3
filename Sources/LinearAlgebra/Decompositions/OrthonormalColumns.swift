import CLAPACKE
public import Tensors

/// Makes an orthonormal basis of the space that a matrix's columns span (Householder's method).
///
/// - Parameter matrix: n x k with k <= n, every element finite; its columns should be independent.
/// - Returns: n x k with orthonormal columns, to a few ulp.
/// - Throws: ``LinearAlgebraError`` for an empty matrix, and LAPACK's own failures.
/// - Precondition: There are no more columns than rows.
/// - Complexity: O(n k^2).
///
/// Source: LAPACK's `gelqf` and `orglq`.
public func orthonormalColumns<Scalar: LAPACKScalar>(
  of matrix: Matrix<Scalar>
) throws(LinearAlgebraError) -> Matrix<Scalar> {
  let n = matrix.rowCount
  let k = matrix.columnCount
  guard n > 0, k > 0 else { throw .emptyMatrix(rowCount: n, columnCount: k) }
  precondition(k <= n, "\(k) columns cannot be orthonormal in \(n) dimensions")
  // Row-major W is column-major W^T, k x n: W^T = L Q has our basis in the rows of Q, which
  // row-major are columns.
  let rows = try lapackSize(k)
  let columns = try lapackSize(n)
  var elements = matrix.elements
  var scales = [Scalar](repeating: 0, count: k)
  let info: (clapacke_int, clapacke_int) = unsafe elements.withUnsafeMutableBufferPointer { a in
    unsafe scales.withUnsafeMutableBufferPointer { tau in
      // Safe: a holds rows * columns elements with leading dimension rows, tau holds rows.
      let factored = unsafe Scalar.routines.gelqf(
        LAPACK_COL_MAJOR, rows, columns, a.baseAddress, rows, tau.baseAddress)
      guard factored == 0 else { return (factored, 0) }
      let expanded = unsafe Scalar.routines.orglq(
        LAPACK_COL_MAJOR, rows, columns, rows, a.baseAddress, rows, tau.baseAddress)
      return (0, expanded)
    }
  }
  try checkStatus(info.0, of: "gelqf")
  try checkStatus(info.1, of: "orglq")
  let basis = Matrix(rowCount: n, columnCount: k, elements: elements)
  guard areUnitColumns(basis) else { throw .unsoundResult(routine: "orglq") }
  return basis
}
