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

  /// Lines with a vertical axis of their own.
  struct Panel: Sendable {
    /// What runs along the vertical axis, with its unit.
    var yTitle: String
    /// How values become heights; a value that a logarithmic axis cannot hold interrupts its line.
    var yScale = AxisScale.linear
    /// Whether a linear axis always starts at 0, rather than only where lines would not be flat.
    var startsAtZero = false
    /// The lines, the last group uppermost.
    var groups: [Group]

    /// All values that were measured.
    var values: [Double] {
      groups.flatMap { $0.lines.flatMap { $0.map(\.y) } }.filter(\.isFinite)
    }

    var axis: ValueAxis {
      ValueAxis(title: yTitle, scale: yScale, values: values, startsAtZero: startsAtZero)
    }
  }

  /// The first line, which also names the picture for screen readers.
  var title: String

  /// What the lines show, below the title.
  var subtitle: String

  /// What runs along the horizontal axis.
  var xTitle: String

  /// How the places of points become places along the horizontal axis.
  var xScale = AxisScale.linear

  /// The marks of the horizontal axis.
  var xTicks: [Tick]

  /// The panels, from top to bottom.
  var panels: [Panel]

  /// Sentences below the picture.
  var notes: [String] = []

  /// The ends of the horizontal axis.
  var xRange: ClosedRange<Double> {
    let places = panels.flatMap(\.groups).flatMap { $0.lines.flatMap { $0.map(\.x) } }
    let low = places.min() ?? 1
    let high = places.max() ?? 1
    guard high == low else { return low...high }
    return xScale == .linear ? (low - 0.5)...(low + 0.5) : (low / 2)...(low * 2)
  }
}
