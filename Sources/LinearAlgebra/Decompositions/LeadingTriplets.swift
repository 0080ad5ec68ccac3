public import Tensors

/// The leading singular triplets of a matrix W, m x n: W v_j = s_j u_j and W^T u_j = s_j v_j.
public struct LeadingTriplets: Sendable {
  /// How triplets were computed.
  public enum Method: Sendable, Equatable {
    /// A full decomposition in double precision, by LAPACK.
    case fullDecomposition
    /// A block Krylov iteration that made so many passes over the matrix.
    case blockKrylov(passes: Int, doublePrecision: Bool)
  }

  /// The leading singular values, largest first.
  public let singularValues: [Double]

  /// The left singular vectors: m x count, one vector in each column.
  public let left: Matrix<Float>

  /// The right singular vectors: n x count, one vector in each column.
  public let right: Matrix<Float>

  /// The way that led to them.
  public let method: Method

  /// A bound on the largest angle between the computed and the true leading subspace, in radians.
  ///
  /// It comes from computed residuals, so it holds up to their rounding, a few ulp of s_1^2 /
  /// (s_k^2 - s_(k+1)^2), and where s_k / s_(k+1) >= 1.001: directions that are closer are not told
  /// apart. 0 for a full decomposition.
  public let angleBound: Double
}

extension LeadingTriplets {
  /// The largest angle, in radians, that the iteration accepts for the leading subspace.
  ///
  /// 1 - cos(0.012) = 7.2e-5, under the 1e-4 that the contract below states.
  static let allowedAngle = 0.012

  /// Up to this rank LAPACK's full decomposition in double precision is as fast as an iteration.
  public static let directRank = 256

  /// Computes the leading singular triplets of a matrix.
  ///
  /// An iteration in single precision stops when residuals that it computes bound the error; where
  /// single precision cannot reach that, it runs in double precision, and where it does not
  /// converge, LAPACK decomposes the whole matrix in double precision. So it does with matrices
  /// that are small, or whose leading values hold a group of equals larger than a block of the
  /// iteration. The scale of the elements does not matter.
  ///
  /// - Parameters:
  ///   - matrix: m x n, every element finite, not all zero: see ``analysableSquaredNorm(of:)``.
  ///   - count: How many triplets are wanted; at most min(m, n).
  ///   - subspaceRank: k, the number of leading directions whose subspace must be accurate; at most
  ///     `count`.
  /// - Returns: `count` triplets. The leading k-subspaces satisfy 1 - min_cosine <= 1e-4 against
  ///   the exact ones where s_k / s_(k+1) >= 1.01; each vector whose value is at least a
  ///   factor 1.001 from its neighbours is within 0.012 rad of the exact one; singular values are within a relative 1e-4; the
  ///   vectors are orthonormal to 1e-5.
  /// - Throws: ``LinearAlgebraError`` when LAPACK fails.
  /// - Precondition: `1 <= subspaceRank <= count <= min(m, n)`.
  /// - Complexity: 8 or 9 passes over W and 4 m n b operations in each, b = 16 or 32, for a
  ///   spectrum that decays as j^-0.35; memory for (2 n + m) d elements, d about 8 b. A full
  ///   decomposition is O(m n min(m, n)).
  public static func compute(
    of matrix: Matrix<Float>, count: Int, subspaceRank: Int
  ) throws(LinearAlgebraError) -> LeadingTriplets {
    precondition(
      1 <= subspaceRank && subspaceRank <= count
        && count <= min(matrix.rowCount, matrix.columnCount),
      "\(subspaceRank) of \(count) directions of \(matrix.rowCount) x \(matrix.columnCount)")
    if min(matrix.rowCount, matrix.columnCount) > directRank {
      let exponent = scalingExponent(of: matrix)
      let scaled = exponent == 0 ? matrix : matrix.scaled(byPowerOfTwo: -exponent)
      if let found = try iterate(on: scaled, count: count, subspaceRank: subspaceRank) {
        return found.scaled(byPowerOfTwo: exponent)
      }
    }
    return try decompose(matrix.widened(), count: count)
  }

  /// The power of two that brings a matrix's norm near 1; 0 where it is near enough.
  ///
  /// The iteration works on squares of singular values, and on squares of those: a norm of 2^31
  /// would overflow in single precision, and one of 2^-21 would lose what is a thousandth of it.
  static func scalingExponent(of matrix: Matrix<Float>) -> Int {
    let norm = squaredNorm(of: matrix).squareRoot()
    guard norm.isNormal, abs(norm.exponent) > 12 else { return 0 }
    return Int(norm.exponent)
  }

  private func scaled(byPowerOfTwo exponent: Int) -> LeadingTriplets {
    LeadingTriplets(
      singularValues: singularValues.map {
        Double(sign: .plus, exponent: exponent, significand: $0)
      },
      left: left, right: right, method: method, angleBound: angleBound)
  }

  private static func iterate(
    on matrix: Matrix<Float>, count: Int, subspaceRank: Int
  ) throws(LinearAlgebraError) -> LeadingTriplets? {
    switch try krylov(on: matrix, count: count, subspaceRank: subspaceRank) {
    case .converged(let triplets): return triplets
    case .exhausted: return nil
    case .precisionTooLow: break
    }
    switch try krylov(on: matrix.widened(), count: count, subspaceRank: subspaceRank) {
    case .converged(let triplets): return triplets
    case .exhausted, .precisionTooLow: return nil
    }
  }

  private static func krylov<Rows: RowSource>(
    on rows: Rows, count: Int, subspaceRank: Int
  ) throws(LinearAlgebraError) -> BlockKrylov<Rows.Scalar>.Outcome {
    try BlockKrylov<Rows.Scalar>(
      wanted: count, subspaceRank: subspaceRank, allowedAngle: allowedAngle
    ).run(on: rows)
  }

  /// Takes the leading triplets from a full decomposition; the reference that everything else is
  /// measured against.
  ///
  /// - Parameters:
  ///   - matrix: m x n, every element finite.
  ///   - count: How many triplets to keep; at most min(m, n).
  /// - Returns: Triplets with the accuracy of LAPACK's `dgesdd`; vectors rounded to single
  ///   precision.
  /// - Throws: ``LinearAlgebraError`` when LAPACK fails.
  public static func decompose(
    _ matrix: Matrix<Double>, count: Int
  ) throws(LinearAlgebraError) -> LeadingTriplets {
    let full = try SingularValueDecomposition(of: matrix)
    return LeadingTriplets(
      singularValues: Array(full.singularValues.prefix(count)),
      left: full.left.leadingColumns(count).narrowed(),
      right: full.rightRows.leadingRows(count).transposed().narrowed(), method: .fullDecomposition,
      angleBound: 0)
  }
}

extension Matrix where Scalar == Float {
  func scaled(byPowerOfTwo exponent: Int) -> Matrix<Float> {
    // Two steps of half the way each, because 2^exponent itself need not be a normal number.
    let half = Float(sign: .plus, exponent: exponent / 2, significand: 1)
    let rest = Float(sign: .plus, exponent: exponent - exponent / 2, significand: 1)
    return Matrix(
      rowCount: rowCount, columnCount: columnCount, elements: elements.map { $0 * half * rest })
  }

  /// The same numbers in double precision.
  public func widened() -> Matrix<Double> {
    Matrix<Double>(
      rowCount: rowCount, columnCount: columnCount, elements: elements.map { Double($0) })
  }
}

extension Matrix where Scalar == Double {
  /// The numbers rounded to single precision.
  public func narrowed() -> Matrix<Float> {
    Matrix<Float>(
      rowCount: rowCount, columnCount: columnCount, elements: elements.map { Float($0) })
  }
}
