/// The places of a logarithmic axis that are drawn, where all would be more than can be told apart.
///
/// Places count from 1, as directions and singular values do.
package struct ThinnedPlaces: Sendable, Hashable {
  /// The places that are drawn, in rising order: all the first ones, then ever fewer, the last
  /// always.
  package let places: [Int]

  /// The largest place that the axis has.
  package let last: Int

  /// Chooses places at equal distances on the logarithmic axis.
  ///
  /// - Parameters:
  ///   - last: The largest place.
  ///   - count: How many places may be drawn at most.
  /// - Precondition: `last` is at least 1, and the count at least 2.
  /// - Complexity: O(count² log² count)
  package init(to last: Int, atMost count: Int) {
    precondition(last >= 1 && count >= 2, "thinning keeps the first place and the last")
    self.last = last
    guard last > count else {
      places = Array(1...last)
      return
    }
    // Near 1 many distances round to one place, so that more distances than places are needed.
    var chosen = [1, last]
    for distances in count... {
      let range = 1...Double(last)
      let next = Set(
        (0...distances).map { distance in
          Int(
            AxisScale.logarithmic.value(at: Double(distance) / Double(distances), in: range)
              .rounded())
        })
      guard next.count <= count else { break }
      chosen = next.sorted()
    }
    places = chosen
  }

  /// The last of the first places that are drawn without a gap.
  package var lastWithoutGap: Int {
    places.enumerated().last { $0.element == $0.offset + 1 }?.element ?? 1
  }

  /// A sentence that says what is drawn.
  ///
  /// - Parameter name: What the places are, in the plural.
  /// - Returns: The sentence; nil where everything is drawn.
  package func note(_ name: String) -> String? {
    guard places.count < last else { return nil }
    return """
      Drawn are \(places.count) of \(last) \(name): all up to \(lastWithoutGap), then ever fewer, \
      evenly spaced on the axis. Every point that is drawn is exact, not an average.
      """
  }
}
