internal import Pictures

/// The lines, areas or bars of a chart, in panels above one another.
struct PageChart: Encodable, Sendable {
  struct Panel: Encodable, Sendable {
    let yTitle: String
    let yLog: Bool
    /// The ends of the vertical axis, and its marks.
    let low, high: Double
    let ticks: [[String]]
    /// The smallest and the largest value, for the text alternative.
    let least, most: Double?
    var lines: [Line] = []
    var bars: [Bars] = []
    var level: Level?

    init(
      yTitle: String, scale: AxisScale, startsAtZero: Bool, lines: [Line] = [], bars: [Bars] = [],
      level: Level? = nil
    ) {
      let values = lines.flatMap(\.values) + bars.flatMap(\.allValues) + [level?.value]
      let axis = ScreenAxis(
        values: values.compactMap(\.self), scale: scale, startsAtZero: startsAtZero)
      self.yTitle = yTitle
      yLog = scale == .logarithmic
      low = axis.low
      high = axis.high
      ticks = axis.ticks.map(\.words)
      least = axis.values?.lowerBound
      most = axis.values?.upperBound
      self.lines = lines
      self.bars = bars
      self.level = level
    }
  }

  struct Line: Encodable, Sendable {
    let label: String
    let colour: String
    let width: Double
    let opacity: Double
    let dashes: String
    var points: [[Double?]] = []
    /// Of many lines only their range and the middle half are shown: x, least, first quartile,
    /// third quartile, most.
    var area: [[Double?]]?

    fileprivate var values: [Double?] {
      points.map { $0[1] } + (area ?? []).flatMap { $0.dropFirst() }
    }
  }

  struct Bars: Encodable, Sendable {
    let label: String
    let colour: String
    let values: [Double?]
    /// The ends of the whiskers.
    let spreads: [[Double?]]?

    fileprivate var allValues: [Double?] { values + (spreads ?? []).flatMap(\.self) }
  }

  struct Level: Encodable, Sendable {
    let value: Double?
    let label: String
  }

  let xTitle: String
  let xLog: Bool
  let xTicks: [[String]]
  /// Places that are marked by an upright line, and their words.
  let uprights: [[String]]
  let categories: [String]?
  let panels: [Panel]

  /// More lines than this are shown as an area.
  private static let mostLines = 12

  init(_ chart: LineChart) {
    xTitle = chart.xTitle
    xLog = chart.xScale == .logarithmic
    xTicks = chart.xTicks.map(\.words)
    uprights = chart.uprights.map { ["\($0.x)", $0.label] }
    categories = nil
    panels = chart.panels.map { panel in
      Panel(
        yTitle: panel.yTitle, scale: panel.yScale, startsAtZero: panel.startsAtZero,
        lines: panel.groups.flatMap { Self.lines($0) })
    }
  }

  init(_ chart: BarChart) {
    xTitle = chart.xTitle
    xLog = false
    xTicks = []
    uprights = []
    categories = chart.categories
    panels = chart.panels.map { panel in
      Panel(
        yTitle: panel.yTitle, scale: .linear, startsAtZero: true,
        bars: panel.series.map { series in
          Bars(
            label: series.label, colour: series.colour,
            values: series.bars.map { threeDigits($0.value) },
            spreads: series.bars.contains { $0.spread != nil }
              ? series.bars.map { bar in
                bar.spread.map { [threeDigits($0.lowerBound), threeDigits($0.upperBound)] } ?? []
              } : nil)
        },
        level: panel.level.map { Level(value: threeDigits($0.value), label: $0.label) })
    }
  }

  private static func lines(_ group: LineChart.Group) -> [Line] {
    let colour = group.colour == Ink.text ? "ink" : group.colour
    func line(_ label: String) -> Line {
      Line(
        label: label, colour: colour, width: group.width, opacity: group.opacity,
        dashes: group.dashes)
    }
    let spread =
      group.lines.count > mostLines ? LineChart.spread(of: group.lines) : group.spread
    guard spread.isEmpty else {
      var area = line(group.label)
      area.area = spread.map { place in
        [place.x, place.least, place.lower, place.upper, place.most].map { threeDigits($0) }
      }
      return [area]
    }
    return group.lines.enumerated().map { place, points in
      var drawn = line(place == 0 ? group.label : "")
      drawn.points = points.map { [threeDigits($0.x), threeDigits($0.y)] }
      return drawn
    }
  }
}
