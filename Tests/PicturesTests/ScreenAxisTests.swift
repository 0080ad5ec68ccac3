import Pictures
import Testing

/// Checks the axes of charts that a page draws.
@Suite struct ScreenAxisTests {
  @Test(
    "reach a little beyond the values, and to 0 where asked",
    arguments: [
      (values: [0.2, 0.5], zero: true, low: 0.0, high: 0.53),
      (values: [0.2, 0.5], zero: false, low: 0.182, high: 0.518),
      (values: [-0.5, 0.5], zero: true, low: -0.56, high: 0.56),
      (values: [-3, -1], zero: true, low: -3.18, high: 0),
      (values: [2], zero: true, low: 0, high: 2.12),
      (values: [2], zero: false, low: 0.88, high: 3.12),
      (values: [0], zero: true, low: 0, high: 1.06), (values: [], zero: true, low: 0, high: 1.06),
    ])
  func linear(values: [Double], zero: Bool, low: Double, high: Double) {
    let axis = ScreenAxis(
      values: values + [.nan, .infinity], scale: .linear, startsAtZero: zero)
    // A few roundings of numbers up to 3.
    #expect(abs(axis.low - low) < 1e-14 && abs(axis.high - high) < 1e-14)
    #expect(axis.values?.lowerBound == values.min() && axis.values?.upperBound == values.max())
  }

  @Test(
    "have marks with labels as short as they can be",
    arguments: [
      (values: [0.2, 0.5], labels: ["0", "0.2", "0.4"]),
      (values: [0.94], labels: ["0", "0.2", "0.4", "0.6", "0.8"]),
      (values: [-0.5, 0.5], labels: ["-0.5", "-0.25", "0", "0.25", "0.5"]),
      (values: [1180], labels: ["0", "250", "500", "750", "1000", "1250"]),
      (
        values: [0.000_012], labels: ["0", "0.000005", "0.00001"]
      ),
    ])
  func linearMarks(values: [Double], labels: [String]) {
    let axis = ScreenAxis(values: values, scale: .linear, startsAtZero: true)
    #expect(axis.ticks.map(\.label) == labels)
    #expect(axis.ticks.allSatisfy { Double($0.label) == $0.value })
  }

  @Test(
    "of logarithms have the more marks the closer their ends are",
    arguments: [
      (values: [0.02, 0.09], labels: ["0.02", "0.03", "0.05", "0.07"]),
      (values: [0.02, 3], labels: ["0.03", "0.1", "0.3", "1", "3"]),
      (values: [0.000_02, 3, 0, -1], labels: ["0.0001", "0.001", "0.01", "0.1", "1"]),
      (values: [1e-9, 1], labels: ["1e-8", "0.000001", "0.0001", "0.01", "1"]),
      (values: [7], labels: ["5", "7", "10"]),
    ])
  func logarithmicMarks(values: [Double], labels: [String]) {
    let axis = ScreenAxis(values: values, scale: .logarithmic, startsAtZero: false)
    #expect(axis.ticks.map(\.label) == labels)
    #expect(axis.ticks.allSatisfy { Double($0.label) == $0.value })
    #expect(axis.low == (values.count == 1 ? 3.15 : 0.9 * (axis.values?.lowerBound ?? .nan)))
  }

  @Test("have two ends and marks where nothing can be shown", arguments: [0, -1, .nan])
  func nothing(value: Double) {
    let axis = ScreenAxis(values: [value], scale: .logarithmic, startsAtZero: false)
    #expect(axis.values == nil && axis.low > 0 && axis.low < axis.high && !axis.ticks.isEmpty)
  }
}
