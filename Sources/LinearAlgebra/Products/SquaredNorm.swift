public import Tensors

/// Sums the squares of all elements of a matrix in double precision.
///
/// - Parameter matrix: Any matrix; it may be empty.
/// - Returns: The squared Frobenius norm, with a relative error below 1e-12 for matrices of up to
///   10^9 elements; NaN or infinite if, and only if, an element is.
/// - Complexity: O(rows * columns); one pass.
public func squaredNorm(of matrix: Matrix<Float>) -> Double {
  matrix.squaredNorm(.current)
}

/// Checks that a matrix can be analysed, and returns its squared Frobenius norm.
///
/// - Throws: ``LinearAlgebraError/emptyMatrix(rowCount:columnCount:)``,
///   ``LinearAlgebraError/notFinite(row:column:)`` with the first bad element,
///   ``LinearAlgebraError/zeroMatrix``.
/// - Complexity: O(rows * columns); one pass over a sound matrix.
public func analysableSquaredNorm(of matrix: Matrix<Float>) throws(LinearAlgebraError) -> Double {
  try checkedSquaredNorm(of: matrix)
}

/// Checks that a matrix can be analysed, however it is stored, and returns its squared Frobenius
/// norm.
package func checkedSquaredNorm(
  of matrix: some DecomposableRows
) throws(LinearAlgebraError) -> Double {
  guard matrix.rowCount > 0, matrix.columnCount > 0 else {
    throw .emptyMatrix(rowCount: matrix.rowCount, columnCount: matrix.columnCount)
  }
  let total = matrix.squaredNorm(.current)
  guard total.isFinite else {
    let place = matrix.firstNotFinite ?? 0
    throw .notFinite(row: place / matrix.columnCount, column: place % matrix.columnCount)
  }
  guard total > 0 else { throw .zeroMatrix }
  return total
}

/// Sums the squares of the differences of two matrices, element by element, in double precision.
///
/// - Parameters:
///   - first: Any matrix; it may be empty.
///   - second: A matrix of the same shape.
/// - Returns: The squared Frobenius norm of the difference, with a relative error below 1e-12 for
///   matrices of up to 10^9 elements; NaN or infinite if an element is.
/// - Precondition: The shapes agree.
/// - Complexity: O(rows * columns); one pass over both.
public func squaredDistance(_ first: Matrix<Float>, _ second: Matrix<Float>) -> Double {
  precondition(
    first.rowCount == second.rowCount && first.columnCount == second.columnCount, "other shapes")
  let (a, b) = (first.elements.span, second.elements.span)
  // Safe: both hold `count` elements.
  return unsafe a.withUnsafeBufferPointer { a in
    unsafe b.withUnsafeBufferPointer { b in
      guard let first = a.baseAddress, let second = b.baseAddress else { return 0 }
      return unsafe squaredDistance(first, second, a.count)
    }
  }
}

private func squaredDistance(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int
) -> Double {
  // Eight lanes are as many as the compiler unrolls here; sixteen stay a loop, ten times slower.
  var sums = SIMD8<Double>.zero
  var index = 0
  // Safe: the caller has `count` elements in each.
  while index &+ 8 <= count {
    for lane in 0..<8 {
      let difference = unsafe Double(a[index &+ lane]) - Double(b[index &+ lane])
      sums[lane] += difference * difference
    }
    index &+= 8
  }
  var total = sums.sum()
  while index < count {
    let difference = unsafe Double(a[index]) - Double(b[index])
    total += difference * difference
    index &+= 1
  }
  return total
}
