import Checkpoints
import Experts
import LinearAlgebra
import Tensors
import Workers

/// A unit that is converted.
struct ConvertedUnit: Sendable {
  /// What happens to a unit.
  enum Work: Sendable {
    /// Its whole matrices are split.
    case split
    /// Its parts are put together.
    case merge(FactoredUnit)
  }

  let layer: Int
  let projection: Projection
  let work: Work
  /// The whole matrices, or the unique parts, by expert.
  let weights: [Weight]
  /// The names of the whole matrices, by expert.
  let weightNames: [String]
  let names: FactoredNames
  /// The type in which the original stores the matrices.
  let originalType: ElementType
  /// What each expert counts: not negative, one in sum.
  let shares: [Double]

  var key: UnitKey { UnitKey(layer: layer, projection: projection) }

  /// The name that the main files have for an expert.
  func storedName(ofExpert expert: Int, options: ConversionOptions) -> String {
    options.form == .factored
      ? FactoredExpertNames(weight: weightNames[expert]).unique : weightNames[expert]
  }

  /// The largest common rank that leaves a unique part with k leading directions.
  var largestRank: Int {
    let rank = min(weights[0].rowCount, weights[0].columnCount)
    return rank - leadingCount(fraction: 0.01, rank: rank)
  }

  /// - Throws: ``DecouplingError/rankTooLarge(path:unit:rank:largest:)``
  func checkRank(_ rank: Int, in checkpoint: Checkpoint) throws {
    guard rank > largestRank else { return }
    throw DecouplingError.rankTooLarge(
      path: checkpoint.path, unit: key, rank: rank, largest: largestRank)
  }

  func experts(pool: WorkerPool, order: Int) -> UnitExperts {
    UnitExperts(weights: weights, shares: shares, pool: pool, order: order)
  }
}
