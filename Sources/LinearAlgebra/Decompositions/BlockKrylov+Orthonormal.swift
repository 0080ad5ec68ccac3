import CLAPACKE
import COpenBLAS
import Tensors

extension BlockKrylov {
  /// Makes the columns of a block orthonormal, and orthogonal to earlier ones; false if they are
  /// not independent.
  ///
  /// Twice is enough where Cholesky's way works: the second round takes away what rounding left in
  /// the first. A block that is nearly dependent goes through Householder's way first, and needs a
  /// round more.
  func orthonormalise(
    _ block: MutableMatrixView<Scalar>, against earlier: MatrixView<Scalar>? = nil
  ) throws(LinearAlgebraError) -> Bool {
    var clean = 0
    for _ in 0..<4 {
      if let earlier {
        product(earlier.transposed, block.readOnly).withView {
          multiply(earlier, $0, factor: -1, keeping: 1, into: block)
        }
      }
      if choleskyOrthonormalise(block) {
        clean += 1
        if clean == 2 { return true }
      } else {
        clean = 0
        try householderOrthonormalise(block)
      }
    }
    return false
  }

  private func householderOrthonormalise(
    _ block: MutableMatrixView<Scalar>
  ) throws(LinearAlgebraError) {
    var columns = Matrix<Scalar>(rowCount: block.rowCount, columnCount: block.columnCount)
    columns.withMutableView { $0.assign(block.readOnly) }
    try orthonormalColumns(of: columns).withView { block.assign($0) }
  }

  /// Divides a block by the Cholesky factor of its Gram matrix.
  private func choleskyOrthonormalise(_ block: MutableMatrixView<Scalar>) -> Bool {
    let width = block.columnCount
    var gram = product(block.readOnly.transposed, block.readOnly)
    return gram.withMutableView { gram in
      // The Gram matrix is symmetric: its row-major upper triangle is column-major lower.
      // Safe: width * width elements; then a triangular solve on the block's own rows.
      let info = unsafe Scalar.routines.potrf(
        LAPACK_COL_MAJOR, lapackLetter("L"), clapacke_int(width), gram.base, clapacke_int(width))
      guard info == 0 else { return false }
      // Column-major L with G = L L^T reads row-major as L^T = R: block = Q R, so Q = block R^-1.
      unsafe Scalar.routines.trsm(
        CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, CInt(block.rowCount),
        CInt(width), 1, gram.base, CInt(width), block.base, CInt(block.stride))
      return true
    }
  }
}
