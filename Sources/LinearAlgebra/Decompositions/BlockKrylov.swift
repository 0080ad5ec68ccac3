import Tensors

/// A block Krylov iteration for the leading singular triplets of one matrix W, m x n.
///
/// It grows an orthonormal basis Q of span{X, AX, A^2 X, ...}, A = W^T W, block after block with
/// full re-orthogonalisation, and takes from it the best approximations there are (Rayleigh and
/// Ritz). The products A Q are kept, so the residual A v - theta v of every approximation is
/// computed, not estimated from the recurrence.
///
/// Narrow blocks need the fewest columns in all, and so the fewest operations; wide ones see more
/// directions of equal singular values.
///
/// Source: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed., sec. 10.3.6 (block
/// Lanczos); B. N. Parlett, The Symmetric Eigenvalue Problem, ch. 11 (residual bounds).
struct BlockKrylov<Rows: KernelRows> {
  typealias Scalar = Rows.Scalar

  /// Why the iteration gave up; the caller then takes a slower way.
  enum Outcome {
    case converged(LeadingTriplets)
    /// Rounding in this precision is larger than the residual that the accuracy asks for.
    case precisionTooLow
    /// As many singular values as a block has columns are equal: there may be more of them.
    case equalValues
    /// The basis reached its limit, or the next block had no new direction.
    case exhausted
  }

  /// W, every element finite.
  let rows: Rows
  /// The number of triplets wanted.
  let wanted: Int
  /// The number of leading directions whose common subspace must be accurate.
  let subspaceRank: Int
  /// The largest angle allowed between the computed and the true leading subspace, in radians.
  let allowedAngle: Double
  /// Columns in each block, a multiple of four.
  let blockWidth: Int
  /// What multiplies.
  let set: InstructionSet

  /// How many Ritz values past the wanted ones say where the rest of the spectrum begins.
  static var lookahead: Int { 8 }
  /// A relative gap below this one is taken for this one: such directions are flagged as
  /// ill-separated anyway.
  static var smallestGap: Double { 1e-3 }
  /// The relative error allowed in a wanted singular value.
  static var allowedValueError: Double { 1e-4 }

  /// Columns of the basis below which a spectrum that decays slowly, as those of trained weights do,
  /// is not worth a look.
  private var firstCheck: Int { max(3 * blockWidth, 3 * wanted + 20) }

  /// Iterates until the wanted triplets are accurate.
  ///
  /// - Returns: The triplets, or why there are none.
  /// - Throws: ``LinearAlgebraError`` when LAPACK fails.
  /// - Complexity: 4 m n operations for each column of the basis in one pass over W for every four
  ///   of them, and 8 n d^2 in all for a basis of d columns.
  func run() throws(LinearAlgebraError) -> Outcome {
    let b = blockWidth
    // Past half the rank a full decomposition is the cheaper way.
    let limit = min(rows.rowCount, rows.columnCount) / 2 / b * b
    guard limit >= max(3 * b, wanted + Self.lookahead) else { return .exhausted }
    var nextCheck = min(limit, roundedUp(firstCheck, toMultipleOf: b))
    let space = KrylovSpace(rows, blockWidth: b, expectedSize: min(limit, nextCheck + 4 * b), set)
    while true {
      guard space.grow() else { return .exhausted }
      guard space.size >= nextCheck else { continue }
      let ritz = try RitzPairs(of: space, count: min(space.size, wanted + Self.lookahead))
      let residuals = space.residualNorms(of: ritz)
      let verdict = judge(ritz.values, residuals)
      if verdict.precisionTooLow { return .precisionTooLow }
      var isDecided = verdict.excess <= 1
      if isDecided {
        switch equalValues(among: ritz.values, residuals) {
        case .tooMany: return .equalValues
        case .undecided: isDecided = false
        case .caught: break
        }
      }
      if isDecided {
        let found = try triplets(from: ritz, in: space, angle: verdict.angle)
        return found.map { .converged($0) } ?? .exhausted
      }
      guard space.size < limit else { return .exhausted }
      nextCheck = min(limit, space.size + columns(toLower: verdict.excess, from: space.size))
    }
  }

  /// How many columns to add before the next look: what should bring an excess down to 1.
  ///
  /// Four columns lower the bound of slowly decaying spectra to a fifth or a third. Where that is not
  /// so, looks become rarer as the basis grows, because each costs the cube of its size.
  private func columns(toLower excess: Double, from size: Int) -> Int {
    let b = blockWidth
    let most = max(b, 12, size / 8 / b * b)
    var count = b
    var left = excess / 3
    while left > 1, count + b <= most {
      count += b
      for _ in 0..<b / 4 { left /= 3 }
    }
    return count
  }
}
