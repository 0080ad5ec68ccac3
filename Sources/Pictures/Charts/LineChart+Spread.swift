extension LineChart {
  /// How far lines reach at each place where any of them has a value.
  ///
  /// - Parameter lines: The lines, each from left to right.
  /// - Returns: The spread at each place, from left to right; between two values a quartile lies at
  ///   its share of the way.
  /// - Complexity: O(points log points)
  package static func spread(of lines: [[Point]]) -> [Spread] {
    values(of: lines).map { x, sorted in
      Spread(
        x: x, least: sorted[0], lower: quantile(0.25, of: sorted),
        upper: quantile(0.75, of: sorted), most: sorted[sorted.count - 1])
    }
  }

  /// The median of lines at each place where any of them has a value, from left to right.
  ///
  /// - Complexity: O(points log points)
  package static func medians(of lines: [[Point]]) -> [Point] {
    values(of: lines).map { x, sorted in Point(x: x, y: quantile(0.5, of: sorted)) }
  }

  private static func values(of lines: [[Point]]) -> [(x: Double, sorted: [Double])] {
    let points = lines.flatMap(\.self).filter(\.y.isFinite)
    return Dictionary(grouping: points, by: \.x).sorted { $0.key < $1.key }
      .map { x, points in (x: x, sorted: points.map(\.y).sorted()) }
  }

  private static func quantile(_ share: Double, of sorted: [Double]) -> Double {
    let place = share * Double(sorted.count - 1)
    let low = sorted[Int(place)]
    let high = sorted[min(Int(place) + 1, sorted.count - 1)]
    return low + (high - low) * (place - place.rounded(.down))
  }
}
