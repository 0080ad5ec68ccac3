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
  left.withView { left in
    right.withView { right in
      product(
        leftTransposed ? left.transposed : left, rightTransposed ? right.transposed : right)
    }
  }
}

/// Multiplies two parts of matrices.
///
/// - Returns: The product, with the rounding of one sum of products in each element.
/// - Precondition: The inner sizes agree.
/// - Complexity: O(rows * inner * columns).
package func product<Scalar: LAPACKScalar>(
  _ left: MatrixView<Scalar>, _ right: MatrixView<Scalar>
) -> Matrix<Scalar> {
  var result = Matrix<Scalar>(rowCount: left.rowCount, columnCount: right.columnCount)
  result.withMutableView { multiply(left, right, into: $0) }
  return result
}
