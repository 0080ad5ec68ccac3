import LinearAlgebra
import TestSupport
import Testing

/// Checks the contract of `expectedAbsoluteCosine`.
@Suite struct ExpectedCosineTests {
  @Test("is 1, 2/pi, 1/2, 4/(3 pi) and 3/8 in one to five dimensions")
  func closedForms() {
    expectClose(
      (1...5).map { expectedAbsoluteCosine(dimension: $0) },
      [1, 2 / .pi, 0.5, 4 / (3 * .pi), 0.375], within: 1e-14)
  }

  // The asymptotic series is 1 + 1/(4n) + 1/(32 n^2) + O(n^-3) times the leading term.
  @Test("follows its asymptotic series", arguments: [1000, 100_000, 1_000_000])
  func largeDimension(dimension: Int) {
    let n = Double(dimension)
    let series = (2 / (.pi * n)).squareRoot() * (1 + 1 / (4 * n) + 1 / (32 * n * n))
    #expect(abs(expectedAbsoluteCosine(dimension: dimension) / series - 1) <= 1e-8)
  }

  @Test("agrees with the Monte Carlo floor of lines")
  func monteCarlo() throws {
    let floor = try RandomFloor(dimension: 64, rank: 1).meanCosine
    // 20,000 pairs: five standard errors.
    let allowed = 5 * floor.standardDeviation / 20_000.0.squareRoot()
    #expect(abs(floor.mean - expectedAbsoluteCosine(dimension: 64)) <= allowed)
  }
}
