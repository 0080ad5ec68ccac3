/// What tells a unit from all others: the piece of work that is scheduled, kept and resumed.
///
/// Units compare in the order of layers and projections, what is about a whole layer last.
public struct UnitKey: Sendable, Hashable, Comparable {
  /// What a unit measures.
  public enum Subject: String, Sendable, Hashable, CaseIterable, Codable {
    /// The weights of one projection of all experts.
    case weights
    /// The gradients of those weights.
    case gradients
    /// The input of the MoE block, and the router's choices.
    case activations
  }

  /// The layer, counted from 0.
  public let layer: Int
  /// The projection; nil where the unit is about the layer's input and router.
  public let projection: Projection?
  /// What is measured.
  public let subject: Subject

  /// Names a unit.
  public init(layer: Int, projection: Projection?, subject: Subject = .weights) {
    self.layer = layer
    self.projection = projection
    self.subject = subject
  }

  /// The name of the unit's folder, such as `layer-007-up_proj`.
  public var folderName: String {
    (["layer", paddedLayer(digits: 3)] + (projection.map { [$0.rawValue] } ?? [])
      + (subject == .weights ? [] : [subject.rawValue])).joined(separator: "-")
  }

  /// The layer with zeros before it, so that names sort as numbers do.
  public func paddedLayer(digits: Int) -> String {
    let number = String(layer)
    return String(repeating: "0", count: max(0, digits - number.count)) + number
  }

  /// The unit in a sentence, such as `layer 7 up_proj`.
  public var text: String {
    (["layer \(layer)"] + (projection.map { [$0.rawValue] } ?? [])
      + (subject == .weights ? [] : [subject.rawValue])).joined(separator: " ")
  }

  /// Whether one unit stands before another.
  public static func < (first: UnitKey, second: UnitKey) -> Bool {
    first.order.lexicographicallyPrecedes(second.order)
  }

  private var order: [Int] {
    [
      layer, projection.flatMap { Projection.allCases.firstIndex(of: $0) } ?? 3,
      Subject.allCases.firstIndex(of: subject) ?? 0,
    ]
  }
}
