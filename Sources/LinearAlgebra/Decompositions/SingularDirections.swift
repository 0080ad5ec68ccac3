public import Tensors

/// Every singular value of a matrix and the singular vectors of one side, each vector a row.
public struct SingularDirections: Sendable {
  /// A side of a matrix W = sum s_j u_j v_j^T.
  public enum Side: Sendable {
    /// The u_j, with as many coordinates as W has rows.
    case left
    /// The v_j, with as many coordinates as W has columns.
    case right
  }

  /// The r = min(rows, columns) singular values, largest first.
  public let singularValues: [Double]

  /// The singular vectors of the side that was asked for: r x n, direction j in row j.
  ///
  /// n is the number of rows of W for the left side, and of columns for the right side.
  public let rows: Matrix<Float>

  /// The leading singular vectors of the other side: one vector in each column.
  public let otherSide: Matrix<Float>

  /// Decomposes a matrix whole: in double precision up to rank 256, in single precision above.
  ///
  /// The scale of the elements does not matter. It does not check the matrix: see
  /// ``analysableSquaredNorm(of:)``.
  ///
  /// - Parameters:
  ///   - matrix: m x n, every element finite.
  ///   - side: The side whose directions are all wanted.
  ///   - otherCount: How many leading directions of the other side are wanted.
  /// - Returns: Up to min(m, n) = 256 singular values with an absolute error of a few dozen ulp of
  ///   Double times s_1 (never more than 8 max(m, n) of them), and vectors rounded to single
  ///   precision; above, values with an absolute error of a few dozen ulp of Float (2^-23) times
  ///   s_1, vectors orthonormal to 1e-5, and an angle between a direction and the exact one of up
  ///   to about that error over the distance to the nearest singular value. Directions of equal
  ///   values, and those of zero, are some orthonormal basis of their space. Signs are arbitrary,
  ///   but the same on both sides: W otherSide_j = s_j rows_j for the left side, W^T otherSide_j =
  ///   s_j rows_j for the right one.
  /// - Throws: ``LinearAlgebraError`` for an empty matrix, and LAPACK's own failures.
  /// - Precondition: `otherCount` is in `0...min(m, n)`.
  /// - Complexity: O(m n min(m, n)) time; memory for two copies of the matrix, the vectors of both
  ///   sides, and LAPACK's work space of about 4 min(m, n)^2 elements.
  ///
  /// Source: LAPACK's `dgesdd` and `sgesdd`.
  public static func decompose(
    _ matrix: Matrix<Float>, side: Side, otherCount: Int
  ) throws(LinearAlgebraError) -> SingularDirections {
    let rank = min(matrix.rowCount, matrix.columnCount)
    precondition((0...rank).contains(otherCount), "\(otherCount) of \(rank) directions")
    guard rank > LeadingTriplets.directRank else {
      let full = try SingularValueDecomposition(of: matrix.widened())
      let (rows, otherSide) = full.directions(of: side, otherCount: otherCount)
      return SingularDirections(
        singularValues: full.singularValues, rows: rows.narrowed(), otherSide: otherSide.narrowed())
    }
    // LAPACK scales what is very small or large by itself, but the values that it returns must be
    // numbers in single precision, and small ones lose bits there.
    let exponent = LeadingTriplets.scalingExponent(ofSquaredNorm: squaredNorm(of: matrix))
    let scaled = exponent == 0 ? matrix : matrix.scaled(byPowerOfTwo: -exponent)
    let full = try SingularValueDecomposition(of: scaled)
    let (rows, otherSide) = full.directions(of: side, otherCount: otherCount)
    return SingularDirections(
      singularValues: full.singularValues.map {
        Double(sign: .plus, exponent: exponent, significand: Double($0))
      },
      rows: rows, otherSide: otherSide)
  }
}

extension SingularValueDecomposition {
  /// All vectors of one side as rows, and some of the other side as columns.
  fileprivate func directions(
    of side: SingularDirections.Side, otherCount: Int
  ) -> (rows: Matrix<Scalar>, otherSide: Matrix<Scalar>) {
    switch side {
    case .left: (left.transposed(), rightRows.leadingRows(otherCount).transposed())
    case .right: (rightRows, left.leadingColumns(otherCount))
    }
  }
}
