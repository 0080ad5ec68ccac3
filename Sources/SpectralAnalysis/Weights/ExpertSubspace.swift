import Experts
import Foundation
import LinearAlgebra
import Tensors

/// The singular directions of one expert's projection that are kept, and what belongs to them.
struct ExpertSubspace: Sendable {
  /// The expert's name in tables: its index, or `shared`.
  let name: ExpertName
  /// The number of directions: r = min(rows, columns), less in a unique part.
  let rank: Int
  /// k of r.
  let leading: Int
  /// The singular values that were computed, largest first: all of them, or at least k + 1.
  let singularValues: [Double]
  /// ||W||_F^2.
  let squaredNorm: Double
  /// The leading directions in the residual stream, hidden size x directions.
  let hidden: Matrix<Float>
  /// The leading directions among the expert's neurons, width x k; empty for a shared expert.
  let neuron: Matrix<Float>

  /// How many directions are told.
  var toldCount: Int { SubspaceRequest.toldCount(leading: leading, rank: rank) }

  /// s_k / s_(k+1), infinite where there is no s_(k+1) or it is zero.
  var gap: Double {
    guard leading < singularValues.count, singularValues[leading] > 0 else { return .infinity }
    return singularValues[leading - 1] / singularValues[leading]
  }

  /// The entropy effective rank, exp(-sum p ln p) with p = s^2 / ||W||_F^2; NaN where not all
  /// singular values were computed.
  var effectiveRank: Double {
    guard singularValues.count == rank else { return .nan }
    let entropy = singularValues.reduce(0.0) { sum, value in
      let share = value * value / squaredNorm
      // The limit of p ln p at p = 0 is 0.
      return share > 0 ? sum - share * log(share) : sum
    }
    // Equal values have their own number, which rounding must not exceed.
    return min(Double(rank), exp(entropy))
  }
}
