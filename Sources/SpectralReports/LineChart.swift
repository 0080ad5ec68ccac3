/// Lines over a common axis, in groups that share a style and an entry in the legend.
struct LineChart: Sendable {
  /// A point of a line; one without a value (NaN) interrupts it.
  struct Point: Sendable, Hashable {
    let x: Double
    let y: Double

    /// Makes a point.
    init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// Lines of one style.
  struct Group: Sendable {
    /// The words in the legend.
    var label: String
    /// The colour of the lines, such as `#31688e`.
    var colour: String
    /// The width of a line in pixels.
    var width: Double
    /// How much of what lies below a line it covers, 0 to 1.
    var opacity = 1.0
    /// The lengths of dashes and gaps; whole lines where it is empty.
    var dashes = ""
    /// The lines, each from left to right.
    var lines: [[Point]]
  }

  /// The first line, which also names the picture for screen readers.
  var title: String

  /// What the lines show, below the title.
  var subtitle: String

  /// What runs along the horizontal axis.
  var xTitle: String

  /// What runs along the vertical axis, with its unit.
  var yTitle: String

  /// The marks of the horizontal axis.
  var xTicks: [Tick]

  /// The lines, the last group uppermost.
  var groups: [Group]

  /// All values that are drawn.
  var values: [Double] {
    groups.flatMap { $0.lines.flatMap { $0.map(\.y) } }.filter(\.isFinite)
  }

  /// The marks of the vertical axis: from 0, unless all values lie so far from it that the lines
  /// would be flat.
  var yTicks: [Tick] {
    let low = values.min() ?? 0
    let high = values.max() ?? 1
    let start = low >= 0 && low < 0.6 * high ? 0 : low
    let end = high > start ? high : start + max(abs(start), 1)
    return niceTicks(from: start, to: end, intervalCount: 8, enclosing: true)
  }

  /// The ends of the horizontal axis.
  var xRange: ClosedRange<Double> {
    let places = groups.flatMap { $0.lines.flatMap { $0.map(\.x) } }
    let low = places.min() ?? 0
    let high = places.max() ?? 1
    return high > low ? low...high : (low - 0.5)...(low + 0.5)
  }
}
