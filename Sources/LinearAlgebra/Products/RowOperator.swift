package import Tensors

/// The products of a matrix W, m x n, with thin ones, made in passes over its rows.
///
/// A pass takes the rows in groups so small that OpenBLAS multiplies them without packing, and that
/// a group is still in the cache when it is multiplied from the other side.
///
/// ```swift
/// let inner = RowOperator(weights).products(left: leftBasis, right: rightBasis)
/// ```
///
/// Sums over rows are rounded at the end of every group, so that the heights of groups are part of
/// the numbers.
package struct RowOperator<Rows: RowSource> {
  /// The scalar of the products.
  package typealias Scalar = Rows.Scalar

  /// W.
  let rows: Rows

  /// Makes the operator of a matrix.
  package init(_ rows: Rows) {
    self.rows = rows
  }

  /// Multiplies W from both sides, in one pass.
  ///
  /// - Parameters:
  ///   - left: X, m x a; nil leaves its product out.
  ///   - right: Y, n x b; nil leaves its product out.
  /// - Returns: X^T W, a x n, and W Y, m x b, each with the rounding of sums of products.
  /// - Precondition: The inner sizes agree.
  /// - Complexity: O(m n (a + b)); one pass over W.
  package func products(
    left: Matrix<Scalar>?, right: Matrix<Scalar>?
  ) -> (left: Matrix<Scalar>?, right: Matrix<Scalar>?) {
    precondition(
      left.map { $0.rowCount == rows.rowCount } ?? true
        && right.map { $0.rowCount == rows.columnCount } ?? true, "the thin factors do not fit")
    var along = left.map {
      Matrix<Scalar>(rowCount: $0.columnCount, columnCount: rows.columnCount)
    }
    var across = right.map {
      Matrix<Scalar>(rowCount: rows.rowCount, columnCount: $0.columnCount)
    }
    let width = max(left?.columnCount ?? 0, right?.columnCount ?? 0)
    rows.lendRows(inGroupsOf: productHeight(width: width)) { group, rows in
      left?.withView { left in
        along?.withMutableView {
          multiply(left.rows(group).transposed, rows, keeping: 1, into: $0)
        }
      }
      right?.withView { right in
        across?.withMutableView { multiply(rows, right, into: $0.rows(group)) }
      }
    }
    return (along, across)
  }

  /// Applies the squares of both sides, in two passes.
  ///
  /// - Parameters:
  ///   - left: X, m x a; nil leaves its product out.
  ///   - right: Y, n x b; nil leaves its product out.
  /// - Returns: W W^T X, m x a, and W^T W Y, n x b, with the rounding of two products.
  /// - Precondition: The inner sizes agree.
  /// - Complexity: O(m n (a + b)); two passes over W.
  package func squaresApplied(
    left: Matrix<Scalar>?, right: Matrix<Scalar>?
  ) -> (left: Matrix<Scalar>?, right: Matrix<Scalar>?) {
    let inner = products(left: left, right: right)
    let outer = products(left: inner.right, right: inner.left?.transposed())
    return (outer.right, outer.left?.transposed())
  }

  /// The height of groups for thin factors of so many columns.
  ///
  /// OpenBLAS multiplies up to 100^3 products of elements in place, and packs larger factors first,
  /// which costs as much as the product itself where one side is as narrow as ours.
  private func productHeight(width: Int) -> Int {
    max(1, 1_000_000 / max(1, rows.columnCount * width))
  }
}
