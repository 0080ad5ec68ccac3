import LinearAlgebra

/// The largest singular value of a matrix in single precision that is rounding noise (Method.md,
/// section 2).
func largestNoise(rowCount: Int, columnCount: Int, largest: Double) -> Double {
  Double(max(rowCount, columnCount)) * 0x1p-23 * largest
}

/// Checks that a matrix has so many directions.
///
/// - Parameters:
///   - rank: How many are needed.
///   - singularValues: At least so many values, largest first.
///   - noise: Values up to this are rounding noise.
/// - Throws: ``LinearAlgebraError/rankTooLow(asked:singularValue:smallestAllowed:)``
func requireRank(
  _ rank: Int, of singularValues: [Double], above noise: Double
) throws(LinearAlgebraError) {
  guard singularValues[rank - 1] > noise else {
    throw .rankTooLow(
      asked: rank, singularValue: singularValues[rank - 1], smallestAllowed: noise)
  }
}
