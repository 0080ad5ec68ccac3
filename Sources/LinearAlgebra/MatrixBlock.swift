import COpenBLAS

/// A rectangle of row-major storage that BLAS reads or writes in place.
///
/// It does not own its elements: whoever makes one keeps them alive and in place while it is used.
@safe struct MatrixBlock<Scalar: LAPACKScalar> {
  let base: UnsafeMutablePointer<Scalar>
  let rowCount: Int
  let columnCount: Int
  /// The distance between the starts of two rows, in elements.
  let stride: Int

  /// The rectangle of some rows and all columns.
  func rows(_ rows: Range<Int>) -> MatrixBlock {
    precondition(rows.lowerBound >= 0 && rows.upperBound <= rowCount, "rows out of range")
    // Safe: the rows lie inside this block.
    return unsafe MatrixBlock(
      base: base + rows.lowerBound * stride, rowCount: rows.count, columnCount: columnCount,
      stride: stride)
  }

  /// The rectangle of all rows and some columns.
  func columns(_ columns: Range<Int>) -> MatrixBlock {
    precondition(
      columns.lowerBound >= 0 && columns.upperBound <= columnCount, "columns out of range")
    // Safe: the columns lie inside this block.
    return unsafe MatrixBlock(
      base: base + columns.lowerBound, rowCount: rowCount, columnCount: columns.count,
      stride: stride)
  }
}

/// Computes `target = factor * op(left) * op(right) + keep * target`, where op transposes or does
/// nothing.
func multiply<Scalar: LAPACKScalar>(
  _ left: MatrixBlock<Scalar>, transposed leftTransposed: Bool = false,
  by right: MatrixBlock<Scalar>, transposed rightTransposed: Bool = false,
  factor: Scalar = 1, keeping keep: Scalar = 0, into target: MatrixBlock<Scalar>
) {
  let inner = leftTransposed ? left.rowCount : left.columnCount
  let rows = leftTransposed ? left.columnCount : left.rowCount
  let columns = rightTransposed ? right.rowCount : right.columnCount
  let rightInner = rightTransposed ? right.columnCount : right.rowCount
  let fits = inner == rightInner && rows == target.rowCount && columns == target.columnCount
  precondition(fits, "the shapes of a product do not fit")
  // Safe: the shapes fit, and every block lies inside storage that its maker keeps alive.
  unsafe Scalar.routines.gemm(
    CblasRowMajor, leftTransposed ? CblasTrans : CblasNoTrans,
    rightTransposed ? CblasTrans : CblasNoTrans, CInt(rows), CInt(columns), CInt(inner), factor,
    left.base, CInt(left.stride), right.base, CInt(right.stride), keep, target.base,
    CInt(target.stride))
}

/// Adds `block^T block` to the lower triangle of the target; what is above the diagonal keeps its
/// values.
func addSquare<Scalar: LAPACKScalar>(
  of block: MatrixBlock<Scalar>, toLowerTriangleOf target: MatrixBlock<Scalar>
) {
  precondition(
    target.rowCount == block.columnCount && target.columnCount == block.columnCount,
    "the shapes of a square do not fit")
  // Safe: the shapes fit, and both blocks lie inside storage that their makers keep alive.
  unsafe Scalar.routines.syrk(
    CblasRowMajor, CblasLower, CblasTrans, CInt(block.columnCount), CInt(block.rowCount), 1,
    block.base, CInt(block.stride), 1, target.base, CInt(target.stride))
}
