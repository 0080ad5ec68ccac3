import LinearAlgebra
import Testing

/// Checks the contracts of `largestNoise(rowCount:columnCount:largest:)` and
/// `requireRank(_:of:above:)`.
@Suite struct NumericalRankTests {
  @Test("noise grows with the longer side and the largest value", arguments: [(3, 8), (8, 3)])
  func noise(rows: Int, columns: Int) {
    #expect(largestNoise(rowCount: rows, columnCount: columns, largest: 4) == 32 * 0x1p-23)
  }

  @Test("a value above the noise is a direction, one at it is none")
  func rank() throws {
    let values = [4, 2, 1.0]
    try requireRank(2, of: values, above: 2.0.nextDown)
    #expect(
      throws: LinearAlgebraError.rankTooLow(asked: 2, singularValue: 2, smallestAllowed: 2)
    ) {
      try requireRank(2, of: values, above: 2)
    }
    // NaN is no direction.
    #expect(throws: LinearAlgebraError.self) { try requireRank(1, of: [.nan], above: 0) }
  }
}
