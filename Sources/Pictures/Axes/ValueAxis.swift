/// The vertical axis of a chart: its ends, its marks and its words.
struct ValueAxis: Sendable {
  /// What runs along the axis, with what must be known to read it.
  let title: String
  let scale: AxisScale
  let ticks: [Tick]

  /// How far below the largest value a logarithmic axis reaches: what is smaller than this share of
  /// it is rounding noise, even of squares in single precision, and would flatten all else.
  private static let smallestShare = 1e-16

  /// Makes the axis of some values.
  ///
  /// - Parameters:
  ///   - title: What runs along the axis, with its unit.
  ///   - scale: How the values become heights.
  ///   - values: All values of the chart; those that are not finite have no place.
  ///   - startsAtZero: Whether a linear axis always starts at 0, rather than only where the lines
  ///     would not be flat.
  init(title: String, scale: AxisScale, values: [Double], startsAtZero: Bool) {
    self.scale = scale
    let values = values.filter { $0.isFinite && (scale == .linear || $0 > 0) }
    let high = values.max() ?? 1
    switch scale {
    case .linear:
      let low = values.min() ?? 0
      let start = low >= 0 && (startsAtZero || low < 0.6 * high) ? 0 : low
      let end = high > start ? high : start + max(abs(start), 1)
      ticks = niceTicks(from: start, to: end, intervalCount: 8, enclosing: true)
    case .logarithmic:
      let noise = high * Self.smallestShare
      let low = values.lazy.filter { $0 >= noise }.min() ?? high
      ticks = logarithmicTicks(from: low, to: high, atMost: 9)
    }
    // An axis that does not start at 0 exaggerates differences: it says so itself.
    let remark =
      switch scale {
      case .linear: ticks.first?.value == 0 ? "" : "; the axis does not start at 0"
      case .logarithmic: ", logarithmic"
      }
    self.title = title + remark
  }

  /// The values at the lower and the upper end.
  var range: ClosedRange<Double> {
    let bottom = ticks.first?.value ?? 0
    return bottom...max(ticks.last?.value ?? 1, bottom.nextUp)
  }

  /// Whether the axis has a place for the value.
  func holds(_ value: Double) -> Bool {
    value.isFinite && (scale == .linear || value >= range.lowerBound)
  }

  /// How far a value lies above the lower end, as a share of the axis.
  func share(of value: Double) -> Double { scale.share(of: value, in: range) }
}
