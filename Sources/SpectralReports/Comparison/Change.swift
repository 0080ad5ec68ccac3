internal import Findings

/// A number and what chance alone would show in its place.
struct MeasuredValue: Sendable, Hashable {
  let value: Double
  /// NaN where it is not known.
  let floor: Double

  /// Nothing was measured.
  static let none = MeasuredValue(value: .nan, floor: .nan)

  /// How far the value is from chance, on the way to 1.
  var excess: Double { (value - floor) / (1 - floor) }
}

/// What became of a number from run A to run B.
struct Change: Sendable {
  let before, after: MeasuredValue
  /// Whether the excess over chance is compared rather than the value.
  let isOfExcess: Bool

  /// Compares two values.
  ///
  /// - Parameters:
  ///   - before: The value in run A.
  ///   - after: The value in run B.
  ///   - ofExcess: Whether the excess over chance is compared.
  init(from before: MeasuredValue, to after: MeasuredValue, ofExcess: Bool) {
    self.before = before
    self.after = after
    isOfExcess = ofExcess
  }

  /// B less A; NaN without both.
  var size: Double {
    isOfExcess ? after.excess - before.excess : after.value - before.value
  }

  /// The columns from `a` on.
  var cells: [Table.NamedCell] {
    typealias Row = SimilarityChanges
    return [
      Row.a(before.value), Row.floorA(before.floor), Row.b(after.value), Row.floorB(after.floor),
      Row.change(size), Row.compared(isOfExcess ? .excess : .value),
    ]
  }
}
