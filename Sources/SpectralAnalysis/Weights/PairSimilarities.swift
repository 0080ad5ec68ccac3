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
  try await work.map(count: bases.count) { a in
    try ((a + 1)..<max(a + 1, bases.count)).map { b in
      let k = min(most ?? .max, bases[a].columnCount, bases[b].columnCount)
      return try bases[a].withView { a in
        try bases[b].withView { b in
          try SubspaceSimilarity.between(a.columns(0..<k), b.columns(0..<k))
        }
      }
    }
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
