internal import Foundation

/// A figure as the page's script draws it.
struct PagePanel: Encodable, Sendable {
  let kind: Kind
  let name: String
  let table: String
  let title: String
  let subtitle: String
  var notes: [String]
  var xTitle: String?
  var heatmap: PageHeatmap?
  var chart: PageChart?

  enum Kind: String, Encodable {
    case heatmap
    case chart
  }

  /// Describes a figure; nothing for a heatmap without cells.
  init?(_ figure: Figure) {
    name = figure.name
    table = figure.table
    switch figure.content {
    case .heatmap(let heatmap):
      guard let cells = PageHeatmap(heatmap) else { return nil }
      kind = .heatmap
      title = heatmap.title
      subtitle = heatmap.subtitle
      notes = heatmap.allNotes
      self.heatmap = cells
    case .lines(let chart):
      kind = .chart
      title = chart.title
      subtitle = chart.subtitle
      notes = chart.notes
      self.chart = PageChart(chart)
    case .bars(let chart):
      kind = .chart
      title = chart.title
      subtitle = chart.subtitle
      notes = chart.allNotes
      self.chart = PageChart(chart)
    }
  }
}

/// A heatmap's cells, axes and scale.
struct PageHeatmap: Encodable, Sendable {
  let rows: [String]
  /// nil where they are the rows.
  let columns: [String]?
  let rowTitle: String
  let columnTitle: String
  let separated: Int
  let symmetric: Bool
  let thing: String
  let measure: String
  let cells: CellValues
  /// The highest floor, which is that of every cell where `floors` is nil.
  let floor: Double?
  let floors: CellValues?
  let scale: Double
  let diverging: Bool
  /// The mean, the least and the most, for the text alternative.
  let mean: Double?
  let least: Double?
  let most: Double?

  init?(_ heatmap: Heatmap) {
    let end = heatmap.scaleEnd
    guard let cells = CellValues(heatmap.values, of: heatmap, upTo: end) else { return nil }
    self.cells = cells
    floors =
      heatmap.cellFloors.isEmpty
      ? nil : CellValues(heatmap.cellFloors, of: heatmap, upTo: heatmap.floor)
    rows = heatmap.rowLabels
    columns = heatmap.columnLabels == heatmap.rowLabels ? nil : heatmap.columnLabels
    rowTitle = heatmap.rowTitle
    columnTitle = heatmap.columnTitle
    separated = heatmap.separatedCount
    symmetric = heatmap.hasNeutralDiagonal
    thing = heatmap.thing
    measure = heatmap.measure
    floor = threeDigits(heatmap.floor)
    scale = heatmap.scaleEnd
    diverging = heatmap.isDiverging
    let shown = heatmap.shownValues
    mean = shown.isEmpty ? nil : threeDigits(shown.reduce(0, +) / Double(shown.count))
    least = threeDigits(shown.min() ?? .nan)
    most = threeDigits(shown.max() ?? .nan)
  }
}

/// The lines, areas or bars of a chart, in panels above one another.
struct PageChart: Encodable, Sendable {
  struct Panel: Encodable, Sendable {
    let yTitle: String
    let yLog: Bool
    let fromZero: Bool
    var lines: [Line] = []
    var bars: [Bars] = []
    var level: Level?
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
  }

  struct Bars: Encodable, Sendable {
    let label: String
    let colour: String
    let values: [Double?]
    /// The ends of the whiskers.
    let spreads: [[Double?]]?
  }

  struct Level: Encodable, Sendable {
    let value: Double?
    let label: String
  }

  let xTitle: String
  let xLog: Bool
  let xTicks: [[String]]
  let categories: [String]?
  let panels: [Panel]

  /// More lines than this are shown as an area.
  private static let mostLines = 12

  init(_ chart: LineChart) {
    xTitle = chart.xTitle
    xLog = chart.xScale == .logarithmic
    xTicks = chart.xTicks.map { ["\($0.value)", $0.label] }
    categories = nil
    panels = chart.panels.map { panel in
      Panel(
        yTitle: panel.yTitle, yLog: panel.yScale == .logarithmic, fromZero: panel.startsAtZero,
        lines: panel.groups.flatMap { Self.lines($0) })
    }
  }

  init(_ chart: BarChart) {
    xTitle = chart.xTitle
    xLog = false
    xTicks = []
    categories = chart.categories
    panels = chart.panels.map { panel in
      Panel(
        yTitle: panel.yTitle, yLog: false, fromZero: true,
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
    guard group.lines.count <= mostLines else {
      var area = line(group.label)
      area.area = Self.area(of: group.lines)
      return [area]
    }
    return group.lines.enumerated().map { place, points in
      var drawn = line(place == 0 ? group.label : "")
      drawn.points = points.map { [threeDigits($0.x), threeDigits($0.y)] }
      return drawn
    }
  }

  private static func area(of lines: [[LineChart.Point]]) -> [[Double?]] {
    let points = lines.flatMap(\.self).filter(\.y.isFinite)
    return Dictionary(grouping: points, by: \.x).sorted { $0.key < $1.key }.map { x, points in
      let sorted = points.map(\.y).sorted()
      func quantile(_ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        let low = sorted[Int(place)]
        let high = sorted[min(Int(place) + 1, sorted.count - 1)]
        return low + (high - low) * (place - place.rounded(.down))
      }
      return [x, quantile(0), quantile(0.25), quantile(0.75), quantile(1)].map { threeDigits($0) }
    }
  }
}

/// A number of up to three digits, whole ones up to six; nil where it is none.
func threeDigits(_ value: Double) -> Double? {
  guard value.isFinite else { return nil }
  if value == value.rounded(), value.magnitude < 1e6 { return value }
  let text = String(
    format: "%.3g", locale: Locale(identifier: "en_US_POSIX"), value)
  return Double(text)
}
