import Checkpoints
import Experts
import LinearAlgebra
import Tensors

/// Looks for the smallest common rank that brings the similarity of a unit's unique parts down to
/// a target.
///
/// Similarity does not fall monotonically with the rank, so every rank is tried, from 1 on.
struct RankSearch: Sendable {
  let plan: ConversionPlan
  let unit: ConvertedUnit
  let experts: UnitExperts
  let floors: FloorCache

  /// Finds the bases of the smallest rank that reaches the target.
  ///
  /// - Parameters:
  ///   - target: The mean principal similarity on the hidden side that is wanted at most.
  ///   - limit: The largest rank to try; no more than leaves k directions are tried.
  ///   - commonPart: Makes W_c along bases.
  /// - Returns: The bases of that rank.
  /// - Throws: A ``DecouplingError`` where no rank reaches the target, and what else can fail.
  /// - Complexity: For each rank a leading decomposition of every expert's unique part.
  func bases(
    reaching target: Double, limit: Int, commonPart: (UnitBases) async throws -> CommonPart
  ) async throws -> UnitBases {
    let limit = min(limit, unit.largestRank)
    let all = try await experts.bases(
      plan.options.bases, rank: limit, left: plan.options.sides.projectLeft(of: unit.projection),
      right: plan.options.sides.projectRight(of: unit.projection))
    let right = unit.projection.hiddenSideIsRight
    let k = leadingCount(fraction: 0.01, rank: experts.rank)
    var best = (similarity: Double.infinity, rank: 0)
    for rank in stride(from: 1, through: limit, by: 1) {
      let bases = all.leading(rank)
      let common = try await commonPart(bases)
      let rows = try await experts.map { matrix, _ in
        try HiddenSubspaces.rows(
          of: ExpertSplit(matrix, common: common).unique, k: k, right: right)
      }
      var subspaces = HiddenSubspaces(k: k)
      for row in rows { subspaces.append(row) }
      guard let similarity = try subspaces.meanSimilarity()?.mean else { continue }
      if similarity <= target { return bases }
      if similarity < best.similarity { best = (similarity, rank) }
    }
    let n = right ? experts.columnCount : experts.rowCount
    throw DecouplingError.targetOutOfReach(
      path: plan.checkpoint.path, unit: unit.key,
      target: target, limit: limit, best: best.similarity, bestRank: best.rank,
      floor: try floors.floor(dimension: n - best.rank, rank: k).meanCosine.mean)
  }
}
