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
  /// single precision cannot reach that, it runs in double precision, where leading values hold a
  /// group of four or more equals, with wider blocks, and where it does not converge, LAPACK
  /// decomposes the whole matrix in double precision. So it does with matrices that are small. The
  /// scale of the elements does not matter.
  ///
  /// - Parameters:
  ///   - matrix: m x n, every element finite, not all zero: see ``analysableSquaredNorm(of:)``.
  ///   - count: How many triplets are wanted; at most min(m, n).
  ///   - subspaceRank: k, the number of leading directions whose subspace must be accurate; at most
  ///     `count`.
  ///   - squaredNorm: The matrix's squared norm, where it is known; nil to compute it.
  /// - Returns: `count` triplets. The leading k-subspaces satisfy 1 - min_cosine <= 1e-4 against
  ///   the exact ones where s_k / s_(k+1) >= 1.01; each vector whose value is at least a
  ///   factor 1.001 from its neighbours is within 0.012 rad of the exact one; singular values are within a relative 1e-4; the
  ///   vectors are orthonormal to 1e-5. Their bits depend on the ``InstructionSet``, on no number of
  ///   threads.
  /// - Throws: ``LinearAlgebraError`` when LAPACK fails.
  /// - Precondition: `1 <= subspaceRank <= count <= min(m, n)`.
  /// - Complexity: 4 m n operations for each column of a basis of d = 64 to 80 columns for count =
  ///   16 and a spectrum that decays as j^-0.35, in one pass over W for every four of them; memory
  ///   for (2 n + m) d elements. A full decomposition is O(m n min(m, n)).
  public static func compute(
    of matrix: Matrix<Float>, count: Int, subspaceRank: Int, squaredNorm: Double? = nil
  ) throws(LinearAlgebraError) -> LeadingTriplets {
    try compute(
      of: matrix, count: count, subspaceRank: subspaceRank, squaredNorm: squaredNorm, .current)
  }

  /// Computes the triplets of a matrix as it is stored, with the kernels of one instruction set.
  ///
  /// Where the iteration in single precision does not do, a matrix in fewer bits is copied.
  @specialized(where Rows == BF16Matrix)
  @specialized(where Rows == Matrix<Float>)
  package static func compute<Rows: DecomposableRows>(
    of matrix: Rows, count: Int, subspaceRank: Int, squaredNorm: Double? = nil,
    _ set: InstructionSet = .current
  ) throws(LinearAlgebraError) -> LeadingTriplets {
    let (m, n) = (matrix.rowCount, matrix.columnCount)
    precondition(
      1 <= subspaceRank && subspaceRank <= count && count <= min(m, n),
      "\(subspaceRank) of \(count) directions of \(m) x \(n)")
    if min(m, n) > directRank {
      let exponent = scalingExponent(ofSquaredNorm: squaredNorm ?? matrix.squaredNorm(set))
      let iteration = LeadingIteration(count: count, subspaceRank: subspaceRank, set: set)
      let found =
        try exponent == 0
        ? iteration.run(on: matrix)
        : iteration.run(on: matrix.floats().scaled(byPowerOfTwo: -exponent))
      if let found { return found.scaled(byPowerOfTwo: exponent) }
    }
    return try decompose(matrix.floats().widened(), count: count)
  }

  /// The power of two that brings a matrix's norm near 1; 0 where it is near enough.
  ///
  /// The iteration works on squares of singular values, and on squares of those: a norm of 2^31
  /// would overflow in single precision, and one of 2^-21 would lose what is a thousandth of it.
  static func scalingExponent(ofSquaredNorm square: Double) -> Int {
    let norm = square.squareRoot()
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
