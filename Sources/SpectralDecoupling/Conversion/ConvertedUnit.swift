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
  /// The names of the whole matrices, by expert; those that the parts of each go by where one tensor
  /// holds many.
  let weightNames: [String]
  /// Where the whole matrices lie in the ordinary layout, by expert.
  let places: [MatrixPlace]
  let names: FactoredNames
  /// The type in which the original stores the matrices.
  let originalType: ElementType
  /// What each expert counts: not negative, one in sum.
  let shares: [Double]

  var key: UnitKey { UnitKey(layer: layer, projection: projection) }

  /// Where the main files have an expert: unique parts lie as whole matrices do, in a tensor of
  /// another name.
  func place(ofExpert expert: Int, options: ConversionOptions) -> MatrixPlace {
    let place = places[expert]
    return options.form == .factored
      ? place.renamed(FactoredExpertNames.unique(of: place.tensor)) : place
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
