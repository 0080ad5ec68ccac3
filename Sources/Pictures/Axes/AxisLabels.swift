/// The labels of a heatmap's rows or columns: which are written, and where, so that none touches
/// another.
package struct AxisLabels: Sendable {
  /// A label that is written.
  package struct Label: Sendable, Hashable {
    /// The words.
    package let text: String
    /// The middle of the row or column, in pixels from the first one's edge.
    package let cellMiddle: Double
    /// The middle of the label, which differs from the cell's where labels had to move apart.
    package let position: Double
    /// Whether the label is turned by a quarter, to read upwards.
    package let isTurned: Bool
  }

  /// What runs along the axis: the columns from left to right or the rows from top to bottom.
  package enum Direction: Sendable {
    case columns
    case rows
  }

  /// The labels, from the first cell to the last.
  package let labels: [Label]

  /// Every so many cells have a label; the separated ones all have one.
  package let step: Int

  /// How far the labels reach away from the heatmap, in pixels.
  package let depth: Double

  /// Where the last label ends, in pixels from the first cell's edge.
  package let end: Double

  /// Chooses and places labels.
  ///
  /// - Parameters:
  ///   - texts: One label for each cell.
  ///   - separatedCount: How many of the last cells stand apart; these are all labelled, the others
  ///     thinned out.
  ///   - cell: The size of a cell in pixels.
  ///   - gap: The room before the separated cells.
  ///   - direction: What runs along the axis.
  ///   - leastStep: The step by which labels are thinned out at least, so that two axes can agree.
  package init(
    _ texts: [String], separatedCount: Int, cell: Double, gap: Double, direction: Direction,
    leastStep: Int = 1
  ) {
    let texts = texts.map { shortened($0, to: 24) }
    let widths = texts.map { textWidth($0, size: TypeSize.label) }
    let mainCount = texts.count - separatedCount
    func middle(_ index: Int) -> Double {
      (Double(index) + 0.5) * cell + (index < mainCount ? 0 : gap)
    }

    let lineHeight = TypeSize.label + 3
    let isTurned =
      direction == .columns && widths[mainCount...].contains { $0 + Self.space > cell + gap }
    func extent(_ index: Int) -> Double {
      switch direction {
      case .rows: lineHeight
      case .columns: index >= mainCount && isTurned ? lineHeight : widths[index] + Self.space
      }
    }

    let widest = (0..<mainCount).map(extent).max() ?? 0
    let fittingStep = niceCountingSteps.first { Double($0) * cell >= widest } ?? texts.count
    step = max(fittingStep, leastStep)
    let pitch = max(cell, (mainCount..<texts.count).map(extent).max() ?? 0)
    let limit =
      separatedCount == 0 ? .infinity : middle(mainCount) - extent(mainCount) / 2

    let main = stride(from: 0, to: mainCount, by: step)
      .filter { middle($0) + extent($0) / 2 <= limit }
      .map {
        Label(
          text: texts[$0], cellMiddle: middle($0), position: middle($0), isTurned: false)
      }
    let separated = (mainCount..<texts.count).map { index in
      Label(
        text: texts[index], cellMiddle: middle(index),
        position: middle(mainCount) + Double(index - mainCount) * pitch, isTurned: isTurned)
    }
    labels = main + separated
    depth = Self.depth(of: labels, direction: direction)
    let lastExtent = texts.isEmpty ? 0 : extent(texts.count - 1)
    end = max(middle(texts.count - 1) + cell / 2, (labels.last?.position ?? 0) + lastExtent / 2)
  }

  private static func depth(of labels: [Label], direction: Direction) -> Double {
    let depths = labels.map { label in
      direction == .rows || label.isTurned
        ? textWidth(label.text, size: TypeSize.label) : TypeSize.label
    }
    return depths.max() ?? 0
  }

  /// The least room between two labels of one line.
  private static let space = 6.0
}
