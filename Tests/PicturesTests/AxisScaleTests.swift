import Pictures
import Testing

/// Checks scales and the marks of logarithmic axes.
@Suite struct AxisScaleTests {
  @Test("give equal ratios equal lengths, and lead back", arguments: [0.001, 0.5, 1, 7, 40, 1408])
  func logarithmic(value: Double) {
    let scale = AxisScale.logarithmic
    let range = 0.001...2000.0
    #expect(scale.share(of: range.lowerBound, in: range) == 0)
    #expect(abs(scale.share(of: range.upperBound, in: range) - 1) < 1e-15)
    let step = scale.share(of: 2 * value, in: range) - scale.share(of: value, in: range)
    #expect(abs(step - scale.share(of: 0.002, in: range)) < 1e-14)
    // A few roundings of numbers up to ln(2e6) = 14.5, seen through exp.
    let back = scale.value(at: scale.share(of: value, in: range), in: range)
    #expect(abs(back / value - 1) < 1e-13)
    #expect(AxisScale.linear.share(of: 3, in: 2...6) == 0.25)
    #expect(AxisScale.linear.value(at: 0.25, in: 2...6) == 3)
  }

  @Test(
    "count in 1, 2 and 5 times powers of ten",
    arguments: [
      (1, ["1"]), (4, ["1", "2"]), (64, ["1", "2", "5", "10", "20", "50"]),
      (1408, ["1", "2", "5", "10", "20", "50", "100", "200", "500", "1000"]),
    ])
  func counting(last: Int, labels: [String]) {
    #expect(logarithmicCountingTicks(to: last).map(\.label) == labels)
  }

  static let ranges: [(low: Double, high: Double)] = [
    (1, 1), (0.3, 0.5), (0.02, 0.4), (1e-7, 0.5), (1e-16, 0.9), (3, 9e5), (1e-300, 1e-290),
    (0.1, 0.1), (1e-12, 1e5), (1e-300, 1e300), (.leastNonzeroMagnitude, 1),
    (.leastNonzeroMagnitude, .leastNonzeroMagnitude), (1.7e308, 1.7e308), (1, 1.7e308),
  ]

  @Test("enclose their range by few marks that say their values", arguments: ranges)
  func enclosing(range: (low: Double, high: Double)) throws {
    let ticks = logarithmicTicks(from: range.low, to: range.high, atMost: 9)
    #expect((2...9).contains(ticks.count))
    let first = try #require(ticks.first)
    let last = try #require(ticks.last)
    #expect(first.value <= range.low && last.value >= range.high)
    #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.value < $1.value })
    for tick in ticks { #expect(Double(tick.label) == tick.value) }
  }

  @Test("are what a person would write")
  func examples() {
    #expect(
      logarithmicTicks(from: 0.02, to: 0.4, atMost: 9).map(\.label)
        == ["0.02", "0.05", "0.1", "0.2", "0.5"])
    #expect(
      logarithmicTicks(from: 3e-7, to: 0.4, atMost: 9).map(\.label)
        == ["1e-7", "1e-6", "1e-5", "0.0001", "0.001", "0.01", "0.1", "1"])
    #expect(
      logarithmicTicks(from: 1e-9, to: 1, atMost: 9).map(\.label)
        == ["1e-10", "1e-8", "1e-6", "0.0001", "0.01", "1"])
  }

  @Test("trap without a positive range")
  func notPositive() async {
    await #expect(processExitsWith: .failure) {
      _ = logarithmicTicks(from: 0, to: 1, atMost: 9)
    }
  }
}
