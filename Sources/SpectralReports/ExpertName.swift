/// An expert's name in a table, in the order of the figures: routed experts by number, then
/// `shared`, `shared0`...
struct ExpertName: Hashable, Comparable {
  let text: String

  /// The index of a routed expert; nil for a shared one.
  let routedIndex: Int?

  init(_ text: String) {
    self.text = text
    routedIndex = text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
  }

  var isRouted: Bool { routedIndex != nil }

  static func < (first: ExpertName, second: ExpertName) -> Bool {
    switch (first.routedIndex, second.routedIndex) {
    case (let a?, let b?): (a, first.text) < (b, second.text)
    case (_?, nil): true
    case (nil, _?): false
    // Shorter first, so that shared10 comes after shared9.
    case (nil, nil): (first.text.count, first.text) < (second.text.count, second.text)
    }
  }
}
