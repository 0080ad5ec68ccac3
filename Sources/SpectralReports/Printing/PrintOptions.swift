public import Experts
internal import Pictures

/// Which figures of a run are printed, and how.
public struct PrintOptions: Sendable {
  /// The form of the files.
  public enum Format: String, Sendable, CaseIterable {
    case svg
    case pdf
    case png
  }

  /// From where to where colours run.
  public enum ColourRange: Sendable, Hashable {
    /// From 0 to a round number that suits all layers of the run, as on its page.
    case ofRun
    /// From the smallest to the largest value of each file.
    case ofData
    /// From one number to another, larger one.
    case fixed(Double, Double)
  }

  /// The kinds; all that the run has where it is left out.
  public var kinds: [PrintedKind]?
  /// The layers; all where it is left out.
  public var layers: [Int]?
  /// The projections; all where it is left out.
  public var projections: [Projection]?
  /// Whether all layers of a projection stand on one sheet, rather than each in a file of its own.
  public var isSheet = false
  /// The form of the files.
  public var format = Format.pdf
  /// The width in points, 1/72 inch.
  public var width: Double
  /// The size of all type in points.
  public var fontSize = 8.0
  /// Whether the title and the sentences around a picture are written.
  public var hasTitle = true
  /// From where to where colours run.
  public var range = ColourRange.ofRun
  /// How many pixels an inch of a PNG has.
  public var dotsPerInch = 300.0

  /// Takes the width in points; all else as it is usual.
  public init(width: Double) { self.width = width }

  var style: PrintStyle { PrintStyle(width: width, fontSize: fontSize, hasTitle: hasTitle) }
}

extension PrintOptions.ColourRange {
  /// The sheet with its heatmaps' colours in this range.
  func applied(to sheet: PictureSheet) -> PictureSheet {
    let ends: (low: Double, high: Double)
    switch self {
    case .ofRun: return sheet
    case .fixed(let low, let high): ends = (low, high)
    case .ofData:
      let values = sheet.panels.flatMap { panel -> [Double] in
        if case .heatmap(let heatmap) = panel.picture { heatmap.shownValues } else { [] }
      }
      guard let low = values.min(), let high = values.max(), low < high else { return sheet }
      ends = (low, high)
    }
    var sheet = sheet
    sheet.panels = sheet.panels.map { panel in
      guard case .heatmap(var heatmap) = panel.picture else { return panel }
      heatmap.scaleMinimum = ends.low
      heatmap.scaleMaximum = ends.high
      return PictureSheet.Panel(caption: panel.caption, picture: .heatmap(heatmap))
    }
    return sheet
  }
}
