/// Where the parts of a chart stand, in pixels: one or more panels above one another, each with its
/// own vertical axis and legend, over one horizontal axis.
struct ChartLayout {
  /// What decides how much room the parts take.
  struct Content {
    let title: String
    let subtitle: String
    let notes: [String]
    let axes: [ValueAxis]
    /// The entries of the legend beside each panel.
    let legends: [[LegendEntry]]
    var plotWidth = 540.0
    /// How far the labels below the plot reach beyond its left end.
    var overhang = 0.0
  }

  static let margin = 24.0
  static let legendLineHeight = 20.0
  static let lineHeight = 18.0
  private static let panelGap = 22.0

  let axes: [ValueAxis]
  let legends: [[LegendEntry]]
  let titleLines: [String]
  let subtitleLines: [String]
  let noteLines: [String]

  let plotLeft: Double
  let plotWidth: Double
  let legendLeft: Double
  let width: Double
  let panelHeight: Double
  private let firstTop: Double

  var titleY: Double { Self.margin + TypeSize.title * 0.8 }
  var subtitleY: Double { titleY + Double(titleLines.count) * 24 - 2 }
  var plotBottom: Double { bottom(ofPanel: axes.count - 1) }
  var xTitleY: Double { plotBottom + 9 + TypeSize.label + 10 + TypeSize.axis }
  var notesY: Double { xTitleY + Self.lineHeight + 8 }
  var height: Double {
    let noteHeight = noteLines.isEmpty ? 0 : Double(noteLines.count) * Self.lineHeight + 8
    return xTitleY + noteHeight + Self.margin - 4
  }

  init(_ content: Content) {
    axes = content.axes
    legends = content.legends
    plotWidth = content.plotWidth
    let labels = axes.flatMap { $0.ticks.map(\.label) }
    let tickRoom = labels.map { textWidth($0, size: TypeSize.label) }.max() ?? 0
    let axisRoom = TypeSize.axis + 10 + tickRoom + 8
    plotLeft = (Self.margin + max(axisRoom, content.overhang)).rounded(.up)
    legendLeft = plotLeft + plotWidth + 24
    let legendRoom = legends.joined().map { $0.width(size: TypeSize.axis) }
    width = (legendLeft + (legendRoom.max() ?? 0) + Self.margin).rounded(.up)

    let room = width - 2 * Self.margin
    titleLines = wrapped(content.title, width: room, size: TypeSize.title, isBold: true)
    subtitleLines = wrapped(content.subtitle, width: room, size: TypeSize.subtitle)
    noteLines = content.notes.flatMap { wrapped($0, width: room, size: TypeSize.label) }
    firstTop = (Self.margin + Double(titleLines.count) * 24 + Double(subtitleLines.count) * 18 + 16)
      .rounded()
    let entryCount = legends.map(\.count).max() ?? 0
    panelHeight = max(
      axes.count == 1 ? 340 : 230, Double(entryCount) * Self.legendLineHeight + 10)
  }

  /// The rectangle that a panel's values are drawn in.
  func area(ofPanel panel: Int) -> PlotArea {
    PlotArea(
      left: plotLeft, top: top(ofPanel: panel), width: plotWidth, height: panelHeight,
      axis: axes[panel])
  }

  func top(ofPanel panel: Int) -> Double {
    firstTop + Double(panel) * (panelHeight + Self.panelGap)
  }

  func bottom(ofPanel panel: Int) -> Double { top(ofPanel: panel) + panelHeight }
}
