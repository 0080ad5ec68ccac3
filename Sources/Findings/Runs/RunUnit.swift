public import Experts

/// A piece of a run that is measured and kept as one.
public struct RunUnit: Sendable, Equatable {
  /// Whether a unit's results are there.
  public enum State: String, Codable, Sendable {
    /// All its results are in the folder.
    case finished
    /// It is still to be measured, or was measured without all of its experts.
    case open
  }

  /// What tells it from the run's other units.
  public let key: UnitKey
  /// The number of common directions that were projected out of the weights; nil where they are
  /// whole.
  public var commonRank: Int?
  /// Whether its results are there.
  public var state: State

  /// The layer, counted from 0.
  public var layer: Int { key.layer }
  /// The projection; nil where the unit is about the layer's input and router.
  public var projection: Projection? { key.projection }
  /// What is measured.
  public var subject: UnitKey.Subject { key.subject }

  /// Describes a unit.
  public init(_ key: UnitKey, commonRank: Int? = nil, state: State = .open) {
    self.key = key
    self.commonRank = commonRank
    self.state = state
  }
}

extension RunUnit: Codable {
  private enum CodingKeys: String, CodingKey {
    case layer, projection, subject, state
    case commonRank = "common_rank"
  }

  /// Reads a unit of a manifest.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    key = UnitKey(
      layer: try values.decode(Int.self, forKey: .layer),
      projection: try values.decodeIfPresent(Projection.self, forKey: .projection),
      subject: try values.decode(UnitKey.Subject.self, forKey: .subject))
    commonRank = try values.decodeIfPresent(Int.self, forKey: .commonRank)
    state = try values.decode(State.self, forKey: .state)
  }

  /// Writes a unit as manifests have it.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(layer, forKey: .layer)
    try values.encodeIfPresent(projection, forKey: .projection)
    try values.encode(subject, forKey: .subject)
    try values.encodeIfPresent(commonRank, forKey: .commonRank)
    try values.encode(state, forKey: .state)
  }
}
