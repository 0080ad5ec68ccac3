internal import Foundation
internal import Pictures

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
    switch figure.picture {
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

extension Tick {
  /// The value and the label.
  var words: [String] { ["\(value)", label] }
}

/// A number of up to three digits, whole ones up to six; nil where it is none.
func threeDigits(_ value: Double) -> Double? {
  guard value.isFinite else { return nil }
  if value == value.rounded(), value.magnitude < 1e6 { return value }
  let text = String(
    format: "%.3g", locale: Locale(identifier: "en_US_POSIX"), value)
  return Double(text)
}
