public import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How alike two subspaces of the same dimension are, from the cosines of their principal angles.
public struct SubspaceSimilarity: Sendable, Equatable {
  /// (1/k) sum c_l: the mean cosine, our "principal similarity".
  public let meanCosine: Double
  /// (1/k) sum c_l^2: the mean squared cosine.
  public let overlap: Double
  /// c_1, the cosine of the smallest angle.
  public let maxCosine: Double
  /// c_k, the cosine of the largest angle.
  public let minCosine: Double
  /// sqrt(sum acos(c_l)^2), in radians.
  public let geodesic: Double

  /// Takes the measures from the cosines of the principal angles.
  ///
  /// - Parameter cosines: k values in any order; rounding beyond [0, 1] is clamped.
  /// - Precondition: There is at least one value, and none is NaN.
  /// - Complexity: O(k)
  ///
  /// Source: Method.md section 2; A. Bjorck and G. H. Golub, "Numerical Methods for Computing
  /// Angles Between Linear Subspaces", Math. Comp. 27 (1973); `overlap` is the subspace similarity
  /// of arXiv 2106.09685, sec. 7.2.
  public init(cosines: [Double]) {
    precondition(!cosines.isEmpty, "a subspace has at least one direction")
    precondition(!cosines.contains { $0.isNaN }, "a cosine cannot be NaN")
    let clamped = cosines.map { min(1, max(0, $0)) }
    let count = Double(clamped.count)
    meanCosine = clamped.reduce(0, +) / count
    overlap = clamped.reduce(0) { $0 + $1 * $1 } / count
    maxCosine = clamped.reduce(0, max)
    minCosine = clamped.reduce(1, min)
    geodesic = clamped.reduce(0) { $0 + acos($1) * acos($1) }.squareRoot()
  }

  /// Compares the spaces that two orthonormal bases span.
  ///
  /// - Parameters:
  ///   - a: n x k, orthonormal columns.
  ///   - b: n x k, orthonormal columns.
  /// - Returns: Cosines with an absolute error below 1e-6 for bases rounded to single precision.
  ///   The angle of a cosine near 1 is less certain: `geodesic` of two equal spaces comes out as up
  ///   to 1e-3 instead of 0.
  /// - Throws: ``LinearAlgebraError`` when LAPACK fails.
  /// - Precondition: The shapes are equal.
  /// - Complexity: O(n k^2)
  public static func between(
    _ a: Matrix<Float>, _ b: Matrix<Float>
  ) throws(LinearAlgebraError) -> SubspaceSimilarity {
    try a.withView { a throws(LinearAlgebraError) in
      try b.withView { b throws(LinearAlgebraError) in try between(a, b) }
    }
  }

  /// Compares the spaces that parts of matrices span, such as their leading columns.
  ///
  /// Everything else is as for whole matrices.
  package static func between(
    _ a: MatrixView<Float>, _ b: MatrixView<Float>
  ) throws(LinearAlgebraError) -> SubspaceSimilarity {
    precondition(
      a.rowCount == b.rowCount && a.columnCount == b.columnCount,
      "bases of \(a.rowCount) x \(a.columnCount) and \(b.rowCount) x \(b.columnCount)")
    return SubspaceSimilarity(
      cosines: try singularValues(of: product(a.transposed, b).widened()))
  }
}
