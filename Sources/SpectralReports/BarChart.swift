/// Upright bars side by side for each of many things, from 0, in one or more panels.
struct BarChart: Sendable {
  /// One bar; without a value (NaN) none is drawn.
  struct Bar: Sendable {
    let value: Double
    /// The ends of the whisker, where the value stands for several.
    var spread: ClosedRange<Double>?
  }

  /// Bars of one colour, one for each category.
  struct Series: Sendable {
    var label: String
    var colour: String
    var bars: [Bar]
  }

  /// Bars with a vertical axis of their own.
  struct Panel: Sendable {
    /// What runs along the vertical axis, with its unit.
    var yTitle: String
    var series: [Series]
    /// A dashed line across the bars, such as what chance would show, and its words.
    var level: (value: Double, label: String)?
    /// What the whiskers are, in the legend.
    var whiskerLabel: String?

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
  var title: String

  /// What the bars show, below the title.
  var subtitle: String

  /// What the categories are.
  var xTitle: String

  /// The name of each category, from left to right.
  var categories: [String]

  /// The panels, from top to bottom, with the same number of series.
  var panels: [Panel]

  /// Sentences below the picture.
  var notes: [String] = []

  /// The room of a category in pixels, a whole number, so that all bars are equally wide.
  var pitch: Double {
    // Bars that stand in groups need room between the groups.
    let least = seriesCount == 1 ? 4 : 6 * Double(seriesCount)
    return max(least, (540 / Double(max(categories.count, 1))).rounded(.down))
  }

  /// The width of a bar in pixels, a whole number.
  var barWidth: Double {
    min(40, max(2, (0.8 * pitch / Double(seriesCount)).rounded(.down)))
  }

  /// Where a bar begins, in pixels from the left end of the axis.
  func offset(ofCategory category: Int, series: Int) -> Double {
    let start = ((pitch - barWidth * Double(seriesCount)) / 2).rounded(.down)
    return Double(category) * pitch + start + Double(series) * barWidth
  }

  private var seriesCount: Int { max(panels.map(\.series.count).max() ?? 1, 1) }

  /// The sentences below the picture, with the one that explains missing bars.
  var allNotes: [String] {
    let isIncomplete = panels.flatMap(\.series).flatMap(\.bars).contains { !$0.value.isFinite }
    return (isIncomplete ? ["Without a bar: not measured."] : []) + notes
  }
}
