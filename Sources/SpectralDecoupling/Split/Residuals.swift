import LinearAlgebra
import Tensors

/// What a unique part has left along the common bases.
struct Residuals: Sendable {
  /// ||W_u||_F^2.
  let squaredNorm: Double
  /// ||U_c^T W_u||_F / ||W_u||_F; 0 where that side is not projected, or nothing is there.
  let left: Double
  /// ||W_u V_c||_F / ||W_u||_F, likewise.
  let right: Double

  init(of unique: Matrix<Float>, along bases: CommonBases) {
    let norm = LinearAlgebra.squaredNorm(of: unique)
    func share(_ part: Matrix<Float>?) -> Double {
      guard let part, norm > 0 else { return 0 }
      return (LinearAlgebra.squaredNorm(of: part) / norm).squareRoot()
    }
    let products = RowOperator(unique).products(left: bases.left, right: bases.right)
    squaredNorm = norm
    left = share(products.left)
    right = share(products.right)
  }
}
