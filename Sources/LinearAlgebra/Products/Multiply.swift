import COpenBLAS

/// Computes `target = factor * left * right + keep * target`.
///
/// - Parameters:
///   - left: The left factor, as it lies or transposed.
///   - right: The right factor, likewise.
///   - factor: What the product is multiplied by.
///   - keep: What the target is multiplied by first; 0 for a target whose elements do not matter.
///   - target: Where the result goes.
/// - Precondition: The shapes fit, and the target overlaps neither factor.
/// - Complexity: O(rows * inner * columns).
package func multiply<Scalar: LAPACKScalar>(
  _ left: MatrixView<Scalar>, _ right: MatrixView<Scalar>, factor: Scalar = 1,
  keeping keep: Scalar = 0, into target: MutableMatrixView<Scalar>
) {
  let fits =
    left.columnCount == right.rowCount && left.rowCount == target.rowCount
    && right.columnCount == target.columnCount
  precondition(fits, "the shapes of a product do not fit")
  guard target.rowCount > 0, target.columnCount > 0 else { return }
  // Safe: the shapes fit, and every view lies inside storage that its lender keeps alive.
  unsafe Scalar.routines.gemm(
    CblasRowMajor, left.isTransposed ? CblasTrans : CblasNoTrans,
    right.isTransposed ? CblasTrans : CblasNoTrans, CInt(target.rowCount),
    CInt(target.columnCount), CInt(left.columnCount), factor, left.base, left.leadingDimension,
    right.base, right.leadingDimension, keep, target.base, CInt(max(1, target.stride)))
}

/// Adds `view^T view` to the lower triangle of the target; what is above the diagonal keeps its
/// values.
///
/// - Precondition: The shapes fit, and the target does not overlap the view.
/// - Complexity: O(rows * columns^2).
package func addSquare<Scalar: LAPACKScalar>(
  of view: MatrixView<Scalar>, toLowerTriangleOf target: MutableMatrixView<Scalar>
) {
  precondition(
    target.rowCount == view.columnCount && target.columnCount == view.columnCount,
    "the shapes of a square do not fit")
  // Safe: the shapes fit, and both views lie inside storage that their lenders keep alive.
  unsafe Scalar.routines.syrk(
    CblasRowMajor, CblasLower, view.isTransposed ? CblasNoTrans : CblasTrans,
    CInt(view.columnCount), CInt(view.rowCount), 1, view.base, view.leadingDimension, 1,
    target.base, CInt(max(1, target.stride)))
}

extension MatrixView {
  /// The stride as BLAS takes it, which asks for a positive one even where there are no elements.
  fileprivate var leadingDimension: CInt { CInt(max(1, stride)) }
}
