import LinearAlgebra
import Testing

/// Checks the contract of `quantile(_:of:)`.
@Suite struct QuantileTests {
  @Test(
    "is interpolated linearly, as numpy does",
    arguments: [
      (0, 1), (0.25, 1.75), (0.5, 3), (0.75, 5.5), (0.9, 8.2), (0.95, 9.1), (1, 10),
    ] as [(Double, Double)])
  func knownValues(share: Double, value: Double) {
    #expect(abs(quantile(share, of: [1, 2, 4, 10]) - value) <= 1e-14)
  }

  @Test("of one value is that value, and of equals their value", arguments: [0, 0.3, 0.95, 1])
  func equals(share: Double) {
    #expect(quantile(share, of: [7]) == 7)
    #expect(quantile(share, of: [2, 2, 2]) == 2)
  }

  @Test("never falls as the share grows")
  func monotone() {
    let sample = (0..<57).map { Double($0 * $0) }
    let values = (0...1000).map { quantile(Double($0) / 1000, of: sample) }
    #expect(values == values.sorted())
    #expect(values.first == sample.first && values.last == sample.last)
  }

  @Test("no sample, or no share, traps", arguments: [-0.1, 1.1])
  func traps(share: Double) async {
    await #expect(processExitsWith: .failure) { _ = quantile(0.5, of: []) }
    await #expect(processExitsWith: .failure) { _ = quantile(.nan, of: [1, 2]) }
    await #expect(processExitsWith: .failure) { [share = share as Double] in
      _ = quantile(share, of: [1, 2])
    }
  }
}
