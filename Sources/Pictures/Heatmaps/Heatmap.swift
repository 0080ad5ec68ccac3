/// A matrix of values as coloured cells, with what is needed to read it.
package struct Heatmap: Sendable {
  /// The first line, which also names the picture for screen readers.
  package var title: String

  /// What the colours show, below the title.
  package var subtitle: String

  /// The word above the colour bar.
  package var measure: String

  /// What the rows are.
  package var rowTitle: String

  /// What the columns are.
  package var columnTitle: String

  /// The name of each row, from top to bottom.
  package var rowLabels: [String]

  /// The name of each column, from left to right.
  package var columnLabels: [String]

  /// How many of the last rows and columns stand apart behind a small gap.
  package var separatedCount = 0

  /// The values row by row; NaN where nothing was measured.
  package var values: [Double]

  /// Whether the cells from the upper left to the lower right carry no value and are drawn neutral.
  package var hasNeutralDiagonal: Bool

  /// What rows and columns are, with an article, where the diagonal is neutral.
  package var thing = "an expert"

  /// What chance alone would show; marked on the colour bar unless it is NaN.
  package var floor: Double

  /// The floor of each cell, row by row, where they differ; otherwise empty.
  package var cellFloors: [Double] = []

  /// The value of the last colour; the first colour is ``scaleMinimum`` or, without one, 0, or its
  /// negative where ``isDiverging``.
  ///
  /// A maximum of 0, nothing to show, is drawn as 1.
  package var scaleMaximum: Double

  /// The value of the first colour, where it is another; below the last one.
  package var scaleMinimum: Double?

  /// Whether values below 0 have colours of their own, such as differences have.
  package var isDiverging = false

  /// Sentences below the picture.
  package var notes: [String] = []

  /// The colours.
  package var colours: ColourMap { isDiverging ? .redBlue : .viridis }

  /// Describes a heatmap.
  package init(
    title: String, subtitle: String, measure: String, rowTitle: String, columnTitle: String,
    rowLabels: [String], columnLabels: [String], separatedCount: Int = 0, values: [Double],
    hasNeutralDiagonal: Bool, floor: Double, scaleMaximum: Double
  ) {
    self.title = title
    self.subtitle = subtitle
    self.measure = measure
    self.rowTitle = rowTitle
    self.columnTitle = columnTitle
    self.rowLabels = rowLabels
    self.columnLabels = columnLabels
    self.separatedCount = separatedCount
    self.values = values
    self.hasNeutralDiagonal = hasNeutralDiagonal
    self.floor = floor
    self.scaleMaximum = scaleMaximum
  }

  /// The value of a cell.
  package func value(row: Int, column: Int) -> Double {
    values[row * columnLabels.count + column]
  }

  /// The value of the last colour, above that of the first.
  package var scaleEnd: Double { scaleMaximum > (scaleMinimum ?? 0) ? scaleMaximum : 1 }

  /// The value of the first colour.
  package var scaleStart: Double { scaleMinimum ?? (isDiverging ? -scaleEnd : 0) }

  /// What a cell shows.
  enum Cell: Hashable {
    case step(Int)
    case neutral
    case missing
  }

  func cell(row: Int, column: Int) -> Cell {
    if hasNeutralDiagonal, row == column { return .neutral }
    let value = value(row: row, column: column)
    return value.isNaN ? .missing : .step(colours.step(of: value, from: scaleStart, to: scaleEnd))
  }

  /// The values that are drawn.
  package var shownValues: [Double] {
    values.enumerated().filter { place, value in
      let isDiagonal = place / columnLabels.count == place % columnLabels.count
      return !value.isNaN && !(hasNeutralDiagonal && isDiagonal)
    }.map(\.element)
  }

  /// The smallest and the largest value that is drawn.
  var range: ClosedRange<Double>? {
    let shown = shownValues
    guard let low = shown.min(), let high = shown.max() else { return nil }
    return low...high
  }

  /// The sentences below the picture, with those that explain its cells.
  package var allNotes: [String] {
    var all: [String] = []
    if hasNeutralDiagonal { all.append("Grey: \(thing) with itself.") }
    let isIncomplete = (0..<rowLabels.count).contains { row in
      (0..<columnLabels.count).contains { cell(row: row, column: $0) == .missing }
    }
    if isIncomplete { all.append("Pale grey: not measured.") }
    if let range, range.upperBound > scaleEnd {
      all.append("Values above \(trimmedText(scaleEnd, places: 6)) have the last colour.")
    }
    if let range, range.lowerBound < scaleStart {
      all.append("Values below \(trimmedText(scaleStart, places: 6)) have the first colour.")
    }
    return (all.isEmpty ? [] : [all.joined(separator: " ")]) + notes
  }
}
