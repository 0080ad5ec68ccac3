/// The rectangle that a panel's values are drawn in.
struct PlotArea {
  let left: Double
  let top: Double
  let width: Double
  let height: Double
  let axis: ValueAxis

  var bottom: Double { top + height }

  /// The height of a value.
  func y(_ value: Double) -> Double { bottom - axis.share(of: value) * height }

  /// A mark of the horizontal axis and, where it has one, its label.
  struct Mark {
    let x: Double
    let label: String
  }

  /// The lines of the grid, and the horizontal axis with its marks.
  func strokes(marks: [Mark]) -> [SVGElement] {
    let grid = axis.ticks.map { horizontal(left, y($0.value), length: width) }.joined()
    let ticks = marks.map { "M\(point($0.x, bottom))v4" }.joined()
    return [
      SVGElement.stroke(grid, colour: Ink.grid),
      SVGElement.stroke(horizontal(left, bottom, length: width) + ticks, colour: Ink.line),
    ]
  }

  /// The labels of the vertical axis; in a low panel as many as do not touch.
  var valueLabels: [SVGElement] {
    let pitch = height / Double(max(axis.ticks.count - 1, 1))
    let step = max(1, Int(((TypeSize.label + 2) / pitch).rounded(.up)))
    return axis.ticks.enumerated().filter { $0.offset.isMultiple(of: step) }.map { _, tick in
      SVGElement.text(
        tick.label, x: left - 8, y: y(tick.value) + TypeSize.label * 0.35, size: TypeSize.label,
        anchor: .end)
    }
  }

  /// The labels of the horizontal axis; in a narrow panel as many as do not touch.
  func markLabels(_ marks: [Mark]) -> [SVGElement] {
    var free = -Double.infinity
    return marks.compactMap { mark in
      let half = textWidth(mark.label, size: TypeSize.label) / 2
      guard mark.x - half >= free else { return nil }
      free = mark.x + half + 2
      return SVGElement.text(
        mark.label, x: mark.x, y: bottom + 9 + TypeSize.label * 0.8, size: TypeSize.label,
        anchor: .middle)
    }
  }
}
