import Experts

/// What is known of a unit that was converted.
struct UnitRecord: Codable, Sendable, Equatable {
  /// How well a common basis is known.
  struct Basis: Codable, Sendable, Equatable {
    /// s_k / s_(k+1) of what the basis was taken from; nil where that is infinite.
    let gap: Double?
    /// A bound on its angle to the exact basis, in radians.
    let angleBound: Double

    init(_ directions: CommonDirections) {
      gap = directions.gap.isFinite ? directions.gap : nil
      angleBound = directions.angleBound
    }
  }

  /// Mean principal similarity of the experts on the hidden side.
  struct Similarity: Codable, Sendable, Equatable {
    /// k, of the whole matrices' rank.
    let k: Int
    /// Of the whole matrices, and what random subspaces of R^n show.
    let before: Double
    let floorBefore: Double
    /// Of the unique parts as the output tells them, rounding included, and what random subspaces of
    /// R^(n - k_c) show.
    let after: Double
    let floorAfter: Double
    /// The pairs of experts that it is the mean of.
    let pairs: Int
    /// The experts that are in neither mean: they have no k directions before or after.
    let leftOut: [Int]
  }

  /// What is known of an expert's matrix.
  struct Expert: Codable, Sendable, Equatable {
    /// The digests of what is stored in the main file, and of what was read.
    let sha256: String
    let sourceSHA256: String
    /// The Frobenius norms of W, W_u and Delta.
    let norm: Double
    let uniqueNorm: Double
    let remainderNorm: Double
    /// ||W' - W||_F / ||W||_F, for the matrix W' that the output stands for; nil where W is zero or
    /// not known.
    let reconstructionError: Double?
    /// ||U_c^T W_u||_F / ||W_u||_F and ||W_u V_c||_F / ||W_u||_F.
    let leftResidual: Double
    let rightResidual: Double
    /// The number of elements that a correction puts right.
    let corrections: Int
  }

  let layer: Int
  let projection: Projection
  /// k_c.
  let commonRank: Int
  /// ||W_c||_F.
  let commonNorm: Double
  let left: Basis?
  let right: Basis?
  let similarity: Similarity?
  let experts: [Expert]
  /// The digest of the file that holds the unit's factors.
  let factorsSHA256: String
}
