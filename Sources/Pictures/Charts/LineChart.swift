/// Lines over a common axis, in groups that share a style and an entry in the legend.
package struct LineChart: Sendable {
  /// A point of a line; one without a value (NaN) interrupts it.
  package struct Point: Sendable, Hashable {
    /// The place along the horizontal axis.
    package let x: Double
    /// The value.
    package let y: Double

    /// Makes a point.
    package init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// How far many lines reach at one place: all of them, and the middle half.
  package struct Spread: Sendable, Hashable {
    /// The place along the horizontal axis.
    package let x: Double
    /// The least value, the first quartile, the third, and the largest value.
    package let least, lower, upper, most: Double
  }

  /// Lines of one style.
  package struct Group: Sendable {
    /// The words in the legend.
    package var label: String
    /// The colour of the lines, such as `#31688e`.
    package var colour: String
    /// The width of a line in pixels.
    package var width: Double
    /// How much of what lies below a line it covers, 0 to 1.
    package var opacity: Double
    /// The lengths of dashes and gaps; whole lines where it is empty.
    package var dashes: String
    /// The lines, each from left to right.
    package var lines: [[Point]]
    /// How far lines reach that are not drawn themselves, from left to right.
    package var spread: [Spread] = []

    /// Describes lines.
    package init(
      label: String, colour: String, width: Double, opacity: Double = 1, dashes: String = "",
      lines: [[Point]]
    ) {
      self.label = label
      self.colour = colour
      self.width = width
      self.opacity = opacity
      self.dashes = dashes
      self.lines = lines
    }
  }

  /// Lines with a vertical axis of their own.
  package struct Panel: Sendable {
    /// What runs along the vertical axis, with its unit.
    package var yTitle: String
    /// How values become heights; a value that a logarithmic axis cannot hold interrupts its line.
    package var yScale: AxisScale
    /// Whether a linear axis always starts at 0, rather than only where lines would not be flat.
    package var startsAtZero: Bool
    /// The lines, the last group uppermost.
    package var groups: [Group]

    /// Describes a panel.
    package init(
      yTitle: String, yScale: AxisScale = .linear, startsAtZero: Bool = false, groups: [Group]
    ) {
      self.yTitle = yTitle
      self.yScale = yScale
      self.startsAtZero = startsAtZero
      self.groups = groups
    }

    /// All values that were measured.
    var values: [Double] {
      groups.flatMap { group in
        group.lines.flatMap { $0.map(\.y) } + group.spread.flatMap { [$0.least, $0.most] }
      }.filter(\.isFinite)
    }

    var axis: ValueAxis {
      ValueAxis(title: yTitle, scale: yScale, values: values, startsAtZero: startsAtZero)
    }
  }

  /// The first line, which also names the picture for screen readers.
  package var title: String

  /// What the lines show, below the title.
  package var subtitle: String

  /// What runs along the horizontal axis.
  package var xTitle: String

  /// How the places of points become places along the horizontal axis.
  package var xScale: AxisScale

  /// The marks of the horizontal axis.
  package var xTicks: [Tick]

  /// Places along the horizontal axis that are marked by an upright line, and their words.
  package var uprights: [(x: Double, label: String)] = []

  /// The panels, from top to bottom.
  package var panels: [Panel]

  /// Sentences below the picture.
  package var notes: [String]

  /// Describes a chart.
  package init(
    title: String, subtitle: String, xTitle: String, xScale: AxisScale = .linear, xTicks: [Tick],
    panels: [Panel], notes: [String] = []
  ) {
    self.title = title
    self.subtitle = subtitle
    self.xTitle = xTitle
    self.xScale = xScale
    self.xTicks = xTicks
    self.panels = panels
    self.notes = notes
  }

  /// The ends of the horizontal axis.
  var xRange: ClosedRange<Double> {
    let places = panels.flatMap(\.groups).flatMap { group in
      group.lines.flatMap { $0.map(\.x) } + group.spread.map(\.x)
    }
    let low = places.min() ?? 1
    let high = places.max() ?? 1
    guard high == low else { return low...high }
    return xScale == .linear ? (low - 0.5)...(low + 0.5) : (low / 2)...(low * 2)
  }
}
