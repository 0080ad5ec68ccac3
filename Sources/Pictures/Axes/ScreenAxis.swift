/// The vertical axis of a chart that a page draws: it ends a little beyond the values, with marks in
/// between.
///
/// Where `ValueAxis` ends at marks, which suits a picture of one size, this one leaves the room to
/// the values.
package struct ScreenAxis: Sendable {
  /// The value at the lower end.
  package private(set) var low: Double

  /// The value at the upper end.
  package private(set) var high: Double

  /// The smallest and the largest value; nil where there is none.
  package let values: ClosedRange<Double>?

  /// The marks, from the lowest to the highest.
  package let ticks: [Tick]

  /// Makes the axis of some values.
  ///
  /// - Parameters:
  ///   - values: All values of the chart; those that have no place on the axis are left out.
  ///   - scale: How the values become heights.
  ///   - startsAtZero: Whether a linear axis reaches to 0.
  package init(values: [Double], scale: AxisScale, startsAtZero: Bool) {
    let values = values.filter { $0.isFinite && (scale == .linear || $0 > 0) }
    low = values.min() ?? 0
    high = values.max() ?? 1
    self.values = values.isEmpty ? nil : low...high
    switch scale {
    case .linear:
      if startsAtZero {
        low = min(low, 0)
        high = max(high, 0)
      }
      if low == high {
        low = startsAtZero ? 0 : low - 1
        high += 1
      }
      let margin = (high - low) * 0.06
      high += high > 0 || !startsAtZero ? margin : 0
      low -= low < 0 || !startsAtZero ? margin : 0
      ticks = niceTicks(from: low, to: high, stepsAbout: 5)
    case .logarithmic:
      // Without a value there is nothing to draw, but the axis needs two ends above 0.
      if self.values == nil { low = high / 10 }
      if low == high {
        low /= 2
        high *= 2
      }
      low *= 0.9
      high *= 1.1
      ticks = logarithmicTicks(within: low...high)
    }
  }
}
