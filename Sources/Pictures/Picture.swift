/// A picture of any kind, as a description that can be drawn.
package enum Picture: Sendable {
  case heatmap(Heatmap)
  case lines(LineChart)
  case bars(BarChart)

  /// The picture as a whole SVG document without an XML declaration.
  ///
  /// - Complexity: It is drawn whenever it is asked for.
  package var svg: String {
    switch self {
    case .heatmap(let heatmap): heatmap.svg()
    case .lines(let chart): chart.svg()
    case .bars(let chart): chart.svg()
    }
  }

  /// The first line, which also names the picture for screen readers.
  package var title: String {
    switch self {
    case .heatmap(let heatmap): heatmap.title
    case .lines(let chart): chart.title
    case .bars(let chart): chart.title
    }
  }

  /// What is shown, below the title.
  package var subtitle: String {
    switch self {
    case .heatmap(let heatmap): heatmap.subtitle
    case .lines(let chart): chart.subtitle
    case .bars(let chart): chart.subtitle
    }
  }

  /// The sentences below the picture.
  package var notes: [String] {
    switch self {
    case .heatmap(let heatmap): heatmap.allNotes
    case .lines(let chart): chart.allNotes
    case .bars(let chart): chart.allNotes
    }
  }

  /// What the picture shows, for screen readers.
  var description: String {
    switch self {
    case .heatmap(let heatmap): heatmap.description
    case .lines(let chart): chart.description(notes: chart.allNotes)
    case .bars(let chart): chart.description
    }
  }
}
