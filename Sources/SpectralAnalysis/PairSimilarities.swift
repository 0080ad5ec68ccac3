import Findings
import LinearAlgebra
import Tensors
import Workers

/// Compares every pair of subspaces a < b, with the smaller number of directions of the two.
///
/// - Parameters:
///   - bases: n x k each, k of any number; orthonormal columns, the leading ones first.
///   - width: How many rows of the matrix of pairs to work on at once.
/// - Returns: For each a the similarities with all later b.
/// - Throws: ``LinearAlgebraError`` when LAPACK fails, and `CancellationError`.
/// - Complexity: O(N^2 n k^2) for N subspaces.
func pairSimilarities(
  of bases: [Matrix<Float>], width: Int
) async throws -> [[SubspaceSimilarity]] {
  try await workSideBySide(count: bases.count, width: width, makeState: {}) { _, a in
    try ((a + 1)..<max(a + 1, bases.count)).map { b in
      let k = min(bases[a].columnCount, bases[b].columnCount)
      return try SubspaceSimilarity.between(
        bases[a].leadingColumns(k), bases[b].leadingColumns(k))
    }
  }
}

extension SubspaceSimilarity {
  /// The cells that stand beside every pair of subspaces, in the order of the tables.
  func cells(floor: RandomFloor) -> [Table.Cell] {
    [
      .number(meanCosine), .number(overlap), .number(maxCosine), .number(minCosine),
      .number(geodesic), .number(floor.meanCosine.mean),
    ]
  }
}
