import Findings
import LinearAlgebra
import Tensors
import Workers

/// Compares every pair of subspaces a < b, with the smaller number of directions of the two.
///
/// - Parameters:
///   - bases: n x k each, k of any number; orthonormal columns, the leading ones first.
///   - most: Takes only so many of the leading directions; nil takes all.
///   - work: Whose workers are used, a row of the matrix of pairs at a time.
/// - Returns: For each a the similarities with all later b.
/// - Throws: ``LinearAlgebraError`` when LAPACK fails, and `CancellationError`.
/// - Complexity: O(N^2 n k^2) for N subspaces.
func pairSimilarities(
  of bases: [Matrix<Float>], atMost most: Int? = nil, in work: UnitWork
) async throws -> [[SubspaceSimilarity]] {
  let subspaces = try await work.map(count: bases.count) { index in
    ComparableSubspace(bases[index].leadingColumns(min(most ?? .max, bases[index].columnCount)))
  }
  return try await work.map(count: bases.count) { a in
    try subspaces[a].similarities(to: subspaces[(a + 1)...])
  }
}

extension SubspaceSimilarity {
  /// The cells that stand beside every pair of subspaces, in the order of the tables.
  func cells<Columns: SubspaceColumns>(
    under columns: Columns.Type, floor: RandomFloor
  ) -> [Table.NamedCell] {
    [
      columns.meanCosine(meanCosine), columns.overlap(overlap), columns.maxCosine(maxCosine),
      columns.minCosine(minCosine), columns.geodesic(geodesic),
      columns.floorMeanCosine(floor.meanCosine.mean),
    ]
  }
}
