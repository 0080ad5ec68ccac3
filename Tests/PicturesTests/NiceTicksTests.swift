import Pictures
import Testing

/// Checks the contracts of ticks and ceilings over many ranges.
@Suite struct NiceTicksTests {
  static let ranges: [(low: Double, high: Double)] =
    [
      (0, 1), (0, 0.7), (0, 0.3), (0.0001, 0.0009), (-3, 5), (0, 1e-9), (2.31, 2.37), (0, 123_456),
      (0, 3e8), (99, 100), (0, 1.54),
    ]

  @Test("are multiples of 1, 2, 2.5 or 5, evenly spaced and inside", arguments: ranges)
  func insideTicks(range: (low: Double, high: Double)) throws {
    let ticks = niceTicks(from: range.low, to: range.high, intervalCount: 6)
    #expect((2...7).contains(ticks.count))
    #expect(ticks.allSatisfy { $0.value >= range.low - 1e-12 && $0.value <= range.high + 1e-12 })
    let step = ticks[1].value - ticks[0].value
    for (one, next) in zip(ticks, ticks.dropFirst()) {
      #expect(abs(next.value - one.value - step) <= 1e-9 * step)
    }
    var mantissa = step
    while mantissa < 0.999_999 { mantissa *= 10 }
    while mantissa >= 9.999_999 { mantissa /= 10 }
    #expect([1, 2, 2.5, 5].contains { abs($0 - mantissa) < 1e-6 }, "step \(step)")
  }

  @Test("enclose the range when asked", arguments: ranges)
  func enclosing(range: (low: Double, high: Double)) throws {
    let ticks = niceTicks(from: range.low, to: range.high, intervalCount: 6, enclosing: true)
    let first = try #require(ticks.first)
    let last = try #require(ticks.last)
    #expect(first.value <= range.low && last.value >= range.high)
    #expect(ticks.count <= 7)
  }

  @Test("have labels that say the value, in equal decimals", arguments: ranges)
  func labels(range: (low: Double, high: Double)) {
    let ticks = niceTicks(from: range.low, to: range.high, intervalCount: 6)
    for tick in ticks { #expect(Double(tick.label) == tick.value) }
    let decimals = ticks.filter { $0.value != 0 }.map { $0.label.split(separator: ".").last?.count }
    if ticks.contains(where: { $0.label.contains(".") }) { #expect(Set(decimals).count == 1) }
  }

  @Test("of 0 to 0.3 are what a person would write")
  func example() {
    #expect(
      niceTicks(from: 0, to: 0.3, intervalCount: 6).map(\.label)
        == ["0", "0.05", "0.10", "0.15", "0.20", "0.25", "0.30"])
  }

  @Test(
    "count every number or 1 and round ones",
    arguments: [
      (4, ["1", "2", "3", "4"]), (1, ["1"]),
      (40, ["1", "5", "10", "15", "20", "25", "30", "35", "40"]),
    ])
  func counting(last: Int, labels: [String]) {
    #expect(countingTicks(to: last, atMost: 16).map(\.label) == labels)
  }

  @Test("ceilings hold the number, never fall, stay put and end on a tick")
  func ceilings() throws {
    var previous = 0.0
    for number in stride(from: 0.0007, through: 12, by: 0.0037) {
      let ceiling = niceCeiling(number)
      #expect(ceiling >= number && ceiling <= 1.26 * number)
      #expect(ceiling >= previous)
      #expect(niceCeiling(ceiling) == ceiling)
      let ticks = niceTicks(from: 0, to: ceiling, intervalCount: 8)
      #expect(ticks.first?.value == 0 && ticks.last?.value == ceiling, "\(ceiling)")
      previous = ceiling
    }
    #expect(niceCeiling(0.62) == 0.7)
    #expect(niceCeiling(1e-12) == 1e-12)
  }
}
