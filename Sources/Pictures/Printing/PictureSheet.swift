/// Pictures of one kind on a sheet to be printed, side by side, with one scale and one legend for
/// all.
///
/// One picture alone is printed as a sheet of one.
package struct PictureSheet: Sendable {
  /// One of the pictures, and the words above it.
  package struct Panel: Sendable {
    /// The words above the picture; empty where it stands alone.
    package let caption: String
    /// The picture.
    package let picture: Picture

    /// Takes a picture.
    package init(caption: String = "", picture: Picture) {
      self.caption = caption
      self.picture = picture
    }
  }

  /// The first line, which also names the sheet for screen readers.
  package var title: String
  /// What is shown, below the title.
  package var subtitle: String
  /// The pictures, row by row; all heatmaps, all line charts or all bar charts.
  package var panels: [Panel]
  /// How many pictures stand side by side; as many as there is room for where it is left out.
  package var columnCount: Int?

  /// Describes a sheet.
  package init(title: String, subtitle: String, panels: [Panel], columnCount: Int? = nil) {
    self.title = title
    self.subtitle = subtitle
    self.panels = panels
    self.columnCount = columnCount
  }

  /// The sheet of one picture.
  package init(_ picture: Picture) {
    self.init(
      title: picture.title, subtitle: picture.subtitle, panels: [Panel(picture: picture)])
  }

  /// The sentences below the pictures, each once.
  package var notes: [String] {
    panels.map(\.picture).flatMap(\.notes).reduce(into: []) { notes, note in
      if !notes.contains(note) { notes.append(note) }
    }
  }

  /// The sheet laid out so that its width and type have the style's sizes in print.
  ///
  /// - Precondition: There is a picture, and all are of one kind.
  /// - Complexity: As the drawing of its pictures.
  package func printed(_ style: PrintStyle) -> PrintedPicture {
    precondition(!panels.isEmpty, "a sheet shows something")
    let content: any SheetContent =
      switch panels[0].picture {
      case .heatmap: HeatmapSheet(panels.map(Self.heatmap), captions: panels.map(\.caption))
      case .lines: ChartSheet(lines: panels.map(Self.lines), captions: panels.map(\.caption))
      case .bars: ChartSheet(bars: panels.map(Self.bars), captions: panels.map(\.caption))
      }
    let width = style.unitWidth
    let room = width - 2 * PrintStyle.margin
    let head = style.hasTitle ? lines(title, room, isBold: true) + lines(subtitle, room) : []
    let foot = style.hasTitle ? notes.flatMap { lines($0, room) } : []
    let top = PrintStyle.margin + Double(head.count) * PrintStyle.lineHeight
    let drawn = content.drawn(
      left: PrintStyle.margin, top: top, width: room,
      columnCount: columnCount ?? content.usualColumnCount(width: room))
    let end = top + drawn.height + (foot.isEmpty ? 0 : 4)
    let height = end + Double(foot.count) * PrintStyle.lineHeight + PrintStyle.margin + 1
    let document = SVGDocument(
      width: width, height: height, pointsPerPixel: style.pointsPerUnit, title: title,
      description: ([subtitle + "."] + panels.map(Self.description)).joined(separator: " "),
      elements: written(head, top: PrintStyle.margin) + drawn.elements + written(foot, top: end)
    )
    return PrintedPicture(
      svg: document.markup, title: title, width: style.width,
      height: height * style.pointsPerUnit)
  }

  private struct Line {
    let words: String
    let isBold: Bool
  }

  private func lines(_ words: String, _ room: Double, isBold: Bool = false) -> [Line] {
    wrapped(words, width: room, size: PrintStyle.type, isBold: isBold)
      .map { Line(words: $0, isBold: isBold) }
  }

  private func written(_ lines: [Line], top: Double) -> [SVGElement] {
    lines.enumerated().map { place, line in
      SVGElement.text(
        line.words, x: PrintStyle.margin,
        y: top + Double(place) * PrintStyle.lineHeight + PrintStyle.type * 0.85,
        size: PrintStyle.type, isBold: line.isBold, fill: line.isBold ? Ink.text : Ink.quietText)
    }
  }

  private static func heatmap(_ panel: Panel) -> Heatmap {
    guard case .heatmap(let heatmap) = panel.picture else {
      preconditionFailure("the pictures of a sheet are of one kind")
    }
    return heatmap
  }

  private static func lines(_ panel: Panel) -> LineChart {
    guard case .lines(let chart) = panel.picture else {
      preconditionFailure("the pictures of a sheet are of one kind")
    }
    return chart
  }

  private static func bars(_ panel: Panel) -> BarChart {
    guard case .bars(let chart) = panel.picture else {
      preconditionFailure("the pictures of a sheet are of one kind")
    }
    return chart
  }

  private static func description(_ panel: Panel) -> String {
    (panel.caption.isEmpty ? "" : "\(panel.caption): ") + panel.picture.description
  }
}

/// The pictures of a sheet.
protocol SheetContent {
  /// How many pictures stand side by side where nobody says.
  func usualColumnCount(width: Double) -> Int

  /// Draws the pictures from a corner downwards.
  func drawn(left: Double, top: Double, width: Double, columnCount: Int)
    -> (elements: [SVGElement], height: Double)
}

/// How pictures stand in rows and columns.
struct SheetRows {
  let count: Int
  let columnCount: Int

  var rowCount: Int { (count + columnCount - 1) / columnCount }

  func row(_ place: Int) -> Int { place / columnCount }
  func column(_ place: Int) -> Int { place % columnCount }

  /// Whether there is no picture below.
  func isLowest(_ place: Int) -> Bool { place + columnCount >= count }

  /// The caption of a picture, cut where it would reach beyond it.
  static func caption(_ words: String, x: Double, y: Double, width: Double) -> SVGElement {
    var fitting = words
    while textWidth(fitting, size: PrintStyle.type) > width, fitting.count > 1 {
      fitting = shortened(fitting, to: fitting.count - 1)
    }
    return SVGElement.text(
      fitting, x: x + width / 2, y: y + PrintStyle.type * 0.85, size: PrintStyle.type,
      anchor: .middle)
  }
}
