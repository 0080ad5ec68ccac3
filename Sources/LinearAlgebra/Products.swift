public import Tensors

/// Multiplies two matrices, either of them transposed on the way.
///
/// - Parameters:
///   - left: The left factor.
///   - leftTransposed: Whether to use its transpose.
///   - right: The right factor.
///   - rightTransposed: Whether to use its transpose.
/// - Returns: The product, with the rounding of one sum of products in each element.
/// - Precondition: The inner sizes agree.
/// - Complexity: O(rows * inner * columns).
public func product<Scalar: LAPACKScalar>(
  _ left: Matrix<Scalar>, leftTransposed: Bool = false, _ right: Matrix<Scalar>,
  rightTransposed: Bool = false
) -> Matrix<Scalar> {
  let rows = leftTransposed ? left.columnCount : left.rowCount
  let columns = rightTransposed ? right.rowCount : right.columnCount
  var result = Matrix<Scalar>(rowCount: rows, columnCount: columns)
  result.withBlock { target in
    left.withReadOnlyBlock { left in
      right.withReadOnlyBlock { right in
        multiply(
          left, transposed: leftTransposed, by: right, transposed: rightTransposed, into: target)
      }
    }
  }
  return result
}

extension Matrix where Scalar: LAPACKScalar {
  /// Lends the elements as a block for the length of a call.
  mutating func withBlock(_ body: (MatrixBlock<Scalar>) -> Void) {
    let rows = rowCount
    let columns = columnCount
    unsafe elements.withUnsafeMutableBufferPointer { storage in
      guard let base = storage.baseAddress else { return }
      // Safe: the storage holds rows * columns elements and outlives the call.
      unsafe body(MatrixBlock(base: base, rowCount: rows, columnCount: columns, stride: columns))
    }
  }

  /// Lends the elements as a block that the call must not write to.
  func withReadOnlyBlock(_ body: (MatrixBlock<Scalar>) -> Void) {
    unsafe elements.withUnsafeBufferPointer { storage in
      guard let base = storage.baseAddress else { return }
      // Safe: the storage holds rows * columns elements and outlives the call; BLAS only reads its
      // factors.
      unsafe body(
        MatrixBlock(
          base: UnsafeMutablePointer(mutating: base), rowCount: rowCount, columnCount: columnCount,
          stride: columnCount))
    }
  }
}
