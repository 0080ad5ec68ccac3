/// A picture of findings, ready to be written to a file or to stand in a page.
public struct Figure: Sendable {
  /// The file's name without `.svg`: the table, the layer, the projection, and the side where there
  /// is one.
  ///
  /// It holds ASCII letters, digits and `-_.` only; any other byte of a projection's name stands as
  /// `~` and two hexadecimal digits. Two different units never share a name.
  public let name: String

  /// The name of the table whose numbers are drawn.
  public let table: String

  /// What is drawn.
  let content: Content

  /// The kinds of pictures.
  enum Content: Sendable {
    case heatmap(Heatmap)
    case lines(LineChart)
    case bars(BarChart)
  }

  /// The picture, a whole SVG document without an XML declaration.
  ///
  /// - Complexity: It is drawn whenever it is asked for.
  public var svg: String {
    switch content {
    case .heatmap(let heatmap): heatmap.svg()
    case .lines(let chart): chart.svg()
    case .bars(let chart): chart.svg()
    }
  }
}

extension Figure: Equatable {
  /// Whether two figures have the same name and the same picture.
  ///
  /// - Complexity: Both are drawn.
  public static func == (first: Figure, second: Figure) -> Bool {
    first.name == second.name && first.table == second.table && first.svg == second.svg
  }
}
