/// An expert's name in a table: the index of a routed expert, or `shared`, `shared0`...
///
/// Names compare in the order of tables and figures: routed experts by number, then shared ones.
public struct ExpertName: Sendable, Hashable, Comparable {
  /// The name as tables spell it.
  public let text: String

  /// The index of a routed expert; nil for a shared one.
  public let routedIndex: Int?

  /// The name of the shared expert of a layer that has one.
  public static let shared = ExpertName("shared")

  /// Reads a name.
  public init(_ text: String) {
    self.text = text
    routedIndex = text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
  }

  /// Names a routed expert.
  public init(routed index: Int) {
    text = String(index)
    routedIndex = index
  }

  /// Whether tokens are routed to the expert; a shared one sees all.
  public var isRouted: Bool { routedIndex != nil }

  /// Whether one name stands before another.
  public static func < (first: ExpertName, second: ExpertName) -> Bool {
    switch (first.routedIndex, second.routedIndex) {
    case (let a?, let b?): (a, first.text) < (b, second.text)
    case (_?, nil): true
    case (nil, _?): false
    // Shorter first, so that shared10 comes after shared9.
    case (nil, nil): (first.text.count, first.text) < (second.text.count, second.text)
    }
  }
}
