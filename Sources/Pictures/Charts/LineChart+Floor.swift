extension LineChart.Group {
  /// The dashed line of what chance alone would show.
  ///
  /// - Parameters:
  ///   - name: The words in the legend; a floor that is the same everywhere adds its value.
  ///   - points: The floor at each place, from left to right.
  /// - Returns: One group, or none where the floor is not known.
  package static func floor(_ name: String, _ points: [LineChart.Point]) -> [LineChart.Group] {
    let points = points.filter(\.y.isFinite)
    guard let first = points.first else { return [] }
    let isLevel = points.allSatisfy { $0.y == first.y }
    // Of points at one height only the ends are needed.
    let corners = points.indices.filter { index in
      index == 0 || index == points.count - 1
        || points[index - 1].y != points[index].y || points[index + 1].y != points[index].y
    }
    return [
      LineChart.Group(
        label: isLevel ? "\(name) \(shareText(first.y))" : name, colour: Ink.text, width: 1.5,
        dashes: "6 5", lines: [corners.map { points[$0] }])
    ]
  }
}
