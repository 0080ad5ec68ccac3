internal import Pictures

/// A measured number beside what chance alone would show.
struct Effect {
  let value: Double
  let chance: Double

  /// How far the value is on the way from chance, 0, to the most there can be, 1.
  private var excess: Double { chance < 1 ? (value - chance) / (1 - chance) : 0 }

  /// Whether both numbers are known.
  var isKnown: Bool { value.isFinite && chance.isFinite }

  /// Whether it is over chance at all.
  var isOverChance: Bool { value > chance }

  /// A word for the excess, by the rule that ``Term`` tells readers.
  var strength: String {
    switch excess {
    case ..<0.05: "hardly"
    case ..<0.2: "weakly"
    case ..<0.5: "moderately"
    default: "strongly"
    }
  }

  /// How many times chance it is, such as `3.0 times`; nil where chance is 0 or either is unknown.
  var ratio: String? {
    let ratio = value / chance
    guard ratio.isFinite else { return nil }
    return "\(fixedText(ratio, places: ratio < 9.95 ? 1 : 0)) times"
  }

  /// Says what is done, and how far beyond chance.
  ///
  /// - Parameters:
  ///   - subject: Who does it.
  ///   - deed: What they do.
  ///   - isGraded: Whether a word for the strength stands between the two.
  ///   - tally: Where it is beyond chance; nil where only the mean tells.
  /// - Returns: The end of a sentence. It says so where nothing was found, and where some places
  ///   show it and others do not.
  func conclusion(
    _ subject: String, _ deed: String, isGraded: Bool = true, in tally: Tally?
  ) -> String {
    guard isKnown else { return "nothing can be said of how \(subject) \(deed)" }
    guard let tally else {
      return isOverChance
        ? found(subject, deed, isGraded)
        : "nothing found: \(subject) \(deed) no more than by chance"
    }
    return switch tally.count {
    case 0: "nothing found: \(subject) \(deed) beyond chance \(tally)"
    case tally.of: "\(found(subject, deed, isGraded)), \(tally)"
    default: "mixed: \(subject) \(deed) beyond chance \(tally)"
    }
  }

  private func found(_ subject: String, _ deed: String, _ isGraded: Bool) -> String {
    (isGraded ? "\(subject) \(strength) \(deed)" : "\(subject) \(deed)")
      + (ratio.map { ", \($0) chance" } ?? "")
  }
}

/// In how many layers and projections something is so, and of how many.
struct Tally: CustomStringConvertible {
  let count: Int
  let of: Int

  /// Counts where something is so; nil where nothing is known of any place.
  init?(_ isSo: [Bool]) {
    guard !isSo.isEmpty else { return nil }
    count = isSo.count { $0 }
    of = isSo.count
  }

  var description: String {
    "in \(count == 0 ? "none" : "\(count)") of \(of) \(of == 1 ? "layer and projection" : "layers and projections")"
  }
}
