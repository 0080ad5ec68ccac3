/// The largest singular value of a matrix in single precision that is rounding noise.
///
/// - Parameters:
///   - rowCount: m.
///   - columnCount: n.
///   - largest: s_1, the largest singular value.
/// - Returns: max(m, n) 2^-23 s_1: directions of smaller values mean nothing.
/// - Complexity: O(1)
///
/// Source: Method.md section 2.
public func largestNoise(rowCount: Int, columnCount: Int, largest: Double) -> Double {
  Double(max(rowCount, columnCount)) * 0x1p-23 * largest
}

/// Checks that a matrix has so many directions.
///
/// - Parameters:
///   - rank: How many are needed.
///   - singularValues: At least so many values, largest first.
///   - noise: Values up to this are rounding noise; see
///     ``largestNoise(rowCount:columnCount:largest:)``.
/// - Throws: ``LinearAlgebraError/rankTooLow(asked:singularValue:smallestAllowed:)``
/// - Precondition: `rank` is in `1...singularValues.count`.
/// - Complexity: O(1)
public func requireRank(
  _ rank: Int, of singularValues: [Double], above noise: Double
) throws(LinearAlgebraError) {
  guard singularValues[rank - 1] > noise else {
    throw .rankTooLow(
      asked: rank, singularValue: singularValues[rank - 1], smallestAllowed: noise)
  }
}
