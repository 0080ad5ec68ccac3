/// Upright bars side by side for each of many things, from 0, in one or more panels.
package struct BarChart: Sendable {
  /// One bar; without a value (NaN) none is drawn.
  package struct Bar: Sendable {
    /// How high the bar reaches.
    package let value: Double
    /// The ends of the whisker, where the value stands for several.
    package var spread: ClosedRange<Double>?

    /// Makes a bar.
    package init(value: Double, spread: ClosedRange<Double>? = nil) {
      self.value = value
      self.spread = spread
    }
  }

  /// Bars of one colour, one for each category.
  package struct Series: Sendable {
    /// The words in the legend.
    package var label: String
    /// The colour, such as `#31688e`.
    package var colour: String
    /// The bars, from left to right.
    package var bars: [Bar]

    /// Describes bars.
    package init(label: String, colour: String, bars: [Bar]) {
      self.label = label
      self.colour = colour
      self.bars = bars
    }
  }

  /// Bars with a vertical axis of their own.
  package struct Panel: Sendable {
    /// What runs along the vertical axis, with its unit.
    package var yTitle: String
    /// The bars that stand side by side in each category.
    package var series: [Series]
    /// A dashed line across the bars, such as what chance would show, and its words.
    package var level: (value: Double, label: String)?
    /// What the whiskers are, in the legend.
    package var whiskerLabel: String?

    /// Describes a panel.
    package init(
      yTitle: String, series: [Series], level: (value: Double, label: String)? = nil,
      whiskerLabel: String? = nil
    ) {
      self.yTitle = yTitle
      self.series = series
      self.level = level
      self.whiskerLabel = whiskerLabel
    }

    /// All values that were measured, the level and the whiskers' ends included.
    var values: [Double] {
      let bars = series.flatMap(\.bars)
      let spreads = bars.compactMap(\.spread).flatMap { [$0.lowerBound, $0.upperBound] }
      return (bars.map(\.value) + spreads + (level.map { [$0.value] } ?? [])).filter(\.isFinite)
    }

    var axis: ValueAxis {
      ValueAxis(title: yTitle, scale: .linear, values: values, startsAtZero: true)
    }
  }

  /// The first line, which also names the picture for screen readers.
  package var title: String

  /// What the bars show, below the title.
  package var subtitle: String

  /// What the categories are.
  package var xTitle: String

  /// The name of each category, from left to right.
  package var categories: [String]

  /// The panels, from top to bottom, with the same number of series.
  package var panels: [Panel]

  /// Sentences below the picture.
  package var notes: [String]

  /// Describes a chart.
  package init(
    title: String, subtitle: String, xTitle: String, categories: [String], panels: [Panel],
    notes: [String] = []
  ) {
    self.title = title
    self.subtitle = subtitle
    self.xTitle = xTitle
    self.categories = categories
    self.panels = panels
    self.notes = notes
  }

  /// The room of a category in pixels, a whole number, so that all bars are equally wide.
  var pitch: Double {
    // Bars that stand in groups need room between the groups.
    let least = seriesCount == 1 ? 4 : 6 * Double(seriesCount)
    return max(least, (540 / Double(max(categories.count, 1))).rounded(.down))
  }

  /// The room of a category in a plot of some width.
  func pitch(in area: PlotArea) -> Double { area.width / Double(max(categories.count, 1)) }

  /// The width of a bar: a whole number, unless there is no room for one.
  func barWidth(pitch: Double) -> Double {
    let room = 0.8 * pitch / Double(seriesCount)
    return room < 2 ? room : min(40, room.rounded(.down))
  }

  /// Where a bar begins, from the left end of the axis.
  func offset(ofCategory category: Int, series: Int, pitch: Double) -> Double {
    let barWidth = self.barWidth(pitch: pitch)
    let start = ((pitch - barWidth * Double(seriesCount)) / 2).rounded(.down)
    return Double(category) * pitch + start + Double(series) * barWidth
  }

  private var seriesCount: Int { max(panels.map(\.series.count).max() ?? 1, 1) }

  /// The sentences below the picture, with the one that explains missing bars.
  package var allNotes: [String] {
    let isIncomplete = panels.flatMap(\.series).flatMap(\.bars).contains { !$0.value.isFinite }
    return (isIncomplete ? ["Without a bar: not measured."] : []) + notes
  }
}
