import CLAPACKE

/// Computes the eigenvalues of a symmetric matrix, smallest first.
///
/// - Parameters:
///   - lower: size * size finite elements, row after row; what is above the diagonal is not read.
///   - size: The number of rows and columns; positive.
/// - Returns: `size` values with an absolute error of a few dozen ulp of the largest.
/// - Throws: LAPACK's own failures.
/// - Complexity: O(size^3)
///
/// Source: LAPACK's `dsyevr` without vectors.
func symmetricEigenvalues(
  ofLowerTriangle lower: [Double], size: Int
) throws(LinearAlgebraError) -> [Double] {
  precondition(lower.count == size * size, "\(lower.count) elements for size \(size)")
  let n = try lapackSize(size)
  var overwritten = lower
  var values = [Double](repeating: 0, count: size)
  var found: clapacke_int = 0
  var support = [clapacke_int](repeating: 0, count: 2 * size)
  let info = unsafe overwritten.withUnsafeMutableBufferPointer { a in
    unsafe values.withUnsafeMutableBufferPointer { w in
      unsafe support.withUnsafeMutableBufferPointer { isuppz in
        // Safe: a holds n * n, w n and isuppz 2 n elements; job "N" leaves the vectors alone.
        // Row-major lower is column-major upper.
        unsafe Double.routines.syevr(
          LAPACK_COL_MAJOR, lapackLetter("N"), lapackLetter("A"), lapackLetter("U"), n,
          a.baseAddress, n, 0, 0, 0, 0, 0, &found, w.baseAddress, nil, n, isuppz.baseAddress)
      }
    }
  }
  try checkStatus(info, of: "dsyevr")
  // The values sum to the trace, each to a few dozen ulp of the largest.
  let trace = (0..<size).reduce(0) { $0 + lower[$1 * (size + 1)] }
  let largest = values.reduce(0) { max($0, abs($1)) }
  let allowed = 64 * Double(size) * Double.ulpOfOne * largest
  guard found == n, abs(values.reduce(0, +) - trace) <= allowed else {
    throw .unsoundResult(routine: "dsyevr")
  }
  return values
}
