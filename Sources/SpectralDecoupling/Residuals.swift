import LinearAlgebra
import Tensors

/// What a unique part has left along the common bases.
struct Residuals: Sendable {
  /// ||U_c^T W_u||_F / ||W_u||_F; 0 where that side is not projected, or nothing is there.
  let left: Double
  /// ||W_u V_c||_F / ||W_u||_F, likewise.
  let right: Double

  init(of unique: Matrix<Float>, along bases: CommonBases) {
    let norm = squaredNorm(of: unique)
    func share(_ part: Matrix<Float>?) -> Double {
      guard let part, norm > 0 else { return 0 }
      return (squaredNorm(of: part) / norm).squareRoot()
    }
    left = share(bases.left.map { product($0, leftTransposed: true, unique) })
    right = share(bases.right.map { product(unique, $0) })
  }
}
