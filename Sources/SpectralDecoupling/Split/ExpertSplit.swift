import Checkpoints
import LinearAlgebra
import Tensors

/// One expert's matrix in parts: W = W_c + W_u + Delta, and how well they keep what they promise.
struct ExpertSplit: Sendable {
  /// W_u, before it is rounded to the type in which it is stored.
  let unique: Matrix<Float>
  /// Delta's factors: what the expert has along the bases beyond the common part.
  let remainder: ThinProjection
  /// W_c + Delta, with the same bits wherever it is computed from the same factors.
  let sum: LowRankSum

  /// ||W||_F^2.
  let squaredNorm: Double
  /// What W_u has left along the bases, and its norm.
  let residuals: Residuals

  /// The largest residual that the form allows.
  static let allowedResidual = 1e-5

  /// Splits a matrix.
  ///
  /// W_u is what the stored factors leave of W, so that adding them gives W again up to the last
  /// rounding. Where that leaves too much along the bases, because W_u is less than a thousandth of
  /// W, it is projected once more.
  ///
  /// - Parameters:
  ///   - matrix: W, every element finite.
  ///   - projection: What of W lies along the bases; computed here where nil.
  ///   - common: The unit's common part.
  init(_ matrix: Matrix<Float>, projection: ThinProjection? = nil, common: CommonPart) {
    let bases = common.bases
    let own = projection ?? ThinProjection(of: matrix, along: bases)
    remainder = own.subtracting(common.projection)
    sum = common.sum(with: remainder)
    var unique = sum.subtracted(from: matrix)
    var residuals = Residuals(of: unique, along: bases)
    if max(residuals.left, residuals.right) > Self.allowedResidual / 2 {
      let factors = ThinProjection(of: unique, along: bases).factors(
        along: bases, rowCount: matrix.rowCount, columnCount: matrix.columnCount)
      unique = LowRankSum(base: nil, left: factors.left, right: factors.right)
        .subtracted(from: unique)
      residuals = Residuals(of: unique, along: bases)
    }
    self.residuals = residuals
    squaredNorm = LinearAlgebra.squaredNorm(of: matrix)
    self.unique = unique
  }
}

extension CommonPart {
  /// W_c + Delta for a remainder; W_c alone for none.
  func sum(with remainder: ThinProjection?) -> LowRankSum {
    let factors = (remainder ?? ThinProjection(along: nil, across: nil)).factors(
      along: bases, rowCount: matrix.rowCount, columnCount: matrix.columnCount)
    return LowRankSum(base: matrix, left: factors.left, right: factors.right)
  }
}
