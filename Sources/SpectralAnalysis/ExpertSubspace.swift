import Checkpoints
import LinearAlgebra
import Tensors

/// The leading singular directions of one expert's projection, and what belongs to them.
struct ExpertSubspace: Sendable {
  /// The expert's name in tables: its index, or `shared`.
  let name: String
  let isShared: Bool
  /// r = min(rows, columns).
  let rank: Int
  /// k of this matrix's own rank.
  let leading: Int
  /// The leading singular values that were computed, largest first; at least k + 1 of them where the rank allows.
  let singularValues: [Double]
  /// ||W||_F^2.
  let squaredNorm: Double
  /// The directions in the residual stream, hidden size x directions.
  let hidden: Matrix<Float>
  /// The directions among the expert's neurons, width x k; empty for a shared expert.
  let neuron: Matrix<Float>

  /// s_k / s_(k+1), infinite where there is no s_(k+1) or it is zero.
  var gap: Double {
    guard leading < singularValues.count, singularValues[leading] > 0 else { return .infinity }
    return singularValues[leading - 1] / singularValues[leading]
  }
}

/// How many directions of an expert's matrix are wanted, and for what.
struct SubspaceRequest: Sendable {
  let projection: Projection
  let fraction: Double
  /// k of the routed experts, which a shared expert is compared with.
  let routedLeading: Int

  /// At least so many singular values and router alignments are told, where the rank allows.
  static let fewestDirections = 16

  /// How many directions are told for a matrix of that rank: max(16, k), at most r.
  func toldCount(rank: Int) -> Int {
    min(rank, max(Self.fewestDirections, leadingCount(fraction: fraction, rank: rank)))
  }

  /// Reads an expert's matrix and computes its leading directions.
  ///
  /// - Throws: The file's error, and ``AnalysisError/unusableWeight(place:reason:)``.
  func subspace(
    of weight: Weight, name: String, isShared: Bool, buffer: inout WeightBuffer
  ) throws -> ExpertSubspace {
    try buffer.read(weight)
    do {
      return try measure(buffer.matrix, name: name, isShared: isShared)
    } catch {
      throw AnalysisError.unusableWeight(place: weight.place, reason: error)
    }
  }

  private func measure(
    _ matrix: Matrix<Float>, name: String, isShared: Bool
  ) throws(LinearAlgebraError) -> ExpertSubspace {
    let squaredNorm = try analysableSquaredNorm(of: matrix)
    let rank = min(matrix.rowCount, matrix.columnCount)
    let own = leadingCount(fraction: fraction, rank: rank)
    let compared = min(rank, isShared ? routedLeading : own)
    let told = toldCount(rank: rank)
    let needed = max(own, compared)
    let triplets = try LeadingTriplets.compute(
      of: matrix, count: min(rank, max(told, needed + 1)), subspaceRank: needed)
    let smallest =
      Double(max(matrix.rowCount, matrix.columnCount)) * 0x1p-23 * triplets.singularValues[0]
    guard triplets.singularValues[needed - 1] > smallest else {
      throw .rankTooLow(
        asked: needed, singularValue: triplets.singularValues[needed - 1],
        smallestAllowed: smallest)
    }
    let right = projection.hiddenSideIsRight
    let hidden = right ? triplets.right : triplets.left
    let neuron = right ? triplets.left : triplets.right
    // Router alignment tells more directions than the subspace has; the down projection has no
    // router.
    return ExpertSubspace(
      name: name, isShared: isShared, rank: rank, leading: own,
      singularValues: triplets.singularValues, squaredNorm: squaredNorm,
      hidden: hidden.leadingColumns(right ? max(told, compared) : compared),
      neuron: isShared
        ? Matrix(rowCount: 0, columnCount: 0) : neuron.leadingColumns(compared))
  }
}
