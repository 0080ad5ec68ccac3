import Experts

/// What is known of a unit over all its experts.
struct CertifiedUnit: Codable, Sendable, Equatable {
  let layer: Int
  let projection: Projection
  let commonRank: Int
  let left: UnitRecord.Basis?
  let right: UnitRecord.Basis?
  let similarity: UnitRecord.Similarity?
  /// ||W_c||_F.
  let commonNorm: Double
  /// The largest of the experts' residuals and errors.
  let largestLeftResidual: Double
  let largestRightResidual: Double
  let largestReconstructionError: Double?
  /// sum ||Delta||_F^2 / sum ||W||_F^2: what strict mode drops.
  let remainderEnergy: Double?
  let corrections: Int

  var key: UnitKey { UnitKey(layer: layer, projection: projection) }
}

extension CertifiedUnit {
  init(_ record: UnitRecord) {
    layer = record.layer
    projection = record.projection
    commonRank = record.commonRank
    left = record.left
    right = record.right
    similarity = record.similarity
    commonNorm = record.commonNorm
    largestLeftResidual = record.experts.map(\.leftResidual).max() ?? 0
    largestRightResidual = record.experts.map(\.rightResidual).max() ?? 0
    largestReconstructionError = record.experts.compactMap(\.reconstructionError).max()
    let total = record.experts.reduce(0) { $0 + $1.norm * $1.norm }
    remainderEnergy =
      total > 0
      ? record.experts.reduce(0) { $0 + $1.remainderNorm * $1.remainderNorm } / total : nil
    corrections = record.experts.reduce(0) { $0 + $1.corrections }
  }
}
