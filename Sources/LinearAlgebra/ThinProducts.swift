public import Tensors

/// Multiplies a matrix by thin ones from both sides, in one pass over its rows.
///
/// The rows are taken in groups so small that OpenBLAS multiplies them without packing, and that a
/// group is still in the cache when it is multiplied from the other side.
///
/// - Parameters:
///   - matrix: W, m x n.
///   - left: X, m x a; nil leaves its product out.
///   - right: Y, n x b; nil leaves its product out.
/// - Returns: X^T W, a x n, and W Y, m x b, each with the rounding of sums of products.
/// - Precondition: The inner sizes agree.
/// - Complexity: O(m n (a + b)); one pass over W.
public func thinProducts(
  of matrix: Matrix<Float>, left: Matrix<Float>?, right: Matrix<Float>?
) -> (left: Matrix<Float>?, right: Matrix<Float>?) {
  precondition(
    left.map { $0.rowCount == matrix.rowCount } ?? true
      && right.map { $0.rowCount == matrix.columnCount } ?? true, "the thin factors do not fit")
  // OpenBLAS multiplies up to 100^3 products of elements without packing.
  let width = max(left?.columnCount ?? 0, right?.columnCount ?? 0)
  let groupSize = max(1, 1_000_000 / max(1, matrix.columnCount * width))
  var along = left.map {
    Matrix<Float>(rowCount: $0.columnCount, columnCount: matrix.columnCount)
  }
  var across = right.map {
    Matrix<Float>(rowCount: matrix.rowCount, columnCount: $0.columnCount)
  }
  matrix.withReadOnlyBlock { matrix in
    for start in stride(from: 0, to: matrix.rowCount, by: groupSize) {
      let rows = start..<min(matrix.rowCount, start + groupSize)
      left?.withReadOnlyBlock { left in
        along?.withBlock {
          multiply(
            left.rows(rows), transposed: true, by: matrix.rows(rows), keeping: 1, into: $0)
        }
      }
      right?.withReadOnlyBlock { right in
        across?.withBlock { multiply(matrix.rows(rows), by: right, into: $0.rows(rows)) }
      }
    }
  }
  return (along, across)
}
