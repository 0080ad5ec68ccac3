import Foundation
import LinearAlgebra
import Testing

/// Checks the contract of `isotropicExceedance(threshold:dimension:)`.
@Suite struct IsotropicExceedanceTests {
  static let allowed = 1e-9

  /// The exact share of the sphere of R^d, d = 1...6, where |x_1| > x ||x||.
  static let closedForms: [@Sendable (Double) -> Double] = [
    { _ in 1 },
    { 1 - 2 / .pi * asin($0) },
    { 1 - $0 },
    { 1 - 2 / .pi * ($0 * (1 - $0 * $0).squareRoot() + asin($0)) },
    { 1 - (3 * $0 - $0 * $0 * $0) / 2 },
    { x in
      let angle = asin(x)
      return 1 - 2 / .pi * (angle + 2.0 / 3 * sin(2 * angle) + sin(4 * angle) / 12)
    },
  ]

  @Test("has its closed form in few dimensions", arguments: 1...6)
  func closedForm(d: Int) {
    for step in 0..<1000 {
      let x = Double(step) / 1000
      let found = isotropicExceedance(threshold: x * Double(d).squareRoot(), dimension: d)
      #expect(abs(found - Self.closedForms[d - 1](x)) <= Self.allowed)
    }
    // Close to the end of its range.
    let last = (1 - 1e-15) * Double(d).squareRoot()
    #expect(abs(isotropicExceedance(threshold: last, dimension: d) - (d == 1 ? 1 : 0)) <= 1e-7)
  }

  /// scipy 1.17.1: beta.sf(t * t / d, 0.5, (d - 1) / 2).
  static let golden = [
    (7, 0.1, 0.9291991260408119), (7, 2, 0.03001974528754442), (16, 1, 0.33317013591547634),
    (16, 3, 0.0005257307899394782), (128, 0.1, 0.9208090378468544), (128, 1, 0.31921203369242124),
    (128, 3, 0.0023899361822577515), (129, 0.5, 0.6189579942136068), (1408, 2, 0.04546179184988985),
    (2048, 0.5, 0.6171932895569905), (7168, 1, 0.31734426847179875),
    (1_000_000, 0.1, 0.9203443847903656), (1_000_000, 1, 0.3173107498338201),
    (1_000_000, 3, 0.002699756176647749),
  ]

  @Test("agrees with the beta distribution", arguments: golden)
  func beta(d: Int, t: Double, expected: Double) {
    #expect(abs(isotropicExceedance(threshold: t, dimension: d) - expected) <= Self.allowed)
  }

  @Test("tends to the normal distribution's two tails", arguments: [0.25, 1, 2.5, 6])
  func limit(t: Double) {
    // The first correction is of the order of 1 / d.
    let found = isotropicExceedance(threshold: t, dimension: 1_000_000_000)
    #expect(abs(found - erfc(t / 2.0.squareRoot())) <= 1e-8)
  }

  @Test("is 1 at zero, 0 from sqrt(d) on, and falls between", arguments: [1, 2, 3, 10, 128, 5000])
  func ends(d: Int) {
    let end = Double(d).squareRoot()
    #expect(isotropicExceedance(threshold: 0, dimension: d) == 1)
    #expect(isotropicExceedance(threshold: end, dimension: d) == 0)
    #expect(isotropicExceedance(threshold: end * 1.5, dimension: d) == 0)
    #expect(isotropicExceedance(threshold: .infinity, dimension: d) == 0)
    var last = 1.0
    for step in 0...400 {
      let value = isotropicExceedance(threshold: end * Double(step) / 400, dimension: d)
      #expect(value <= last && value >= 0)
      last = value
    }
  }

  @Test("arguments without a meaning trap")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      _ = isotropicExceedance(threshold: -0.1, dimension: 3)
    }
    await #expect(processExitsWith: .failure) {
      _ = isotropicExceedance(threshold: .nan, dimension: 3)
    }
    await #expect(processExitsWith: .failure) {
      _ = isotropicExceedance(threshold: 1, dimension: 0)
    }
  }
}
