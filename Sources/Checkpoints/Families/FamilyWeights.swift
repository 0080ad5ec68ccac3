/// What is known of how a family weighs the chosen experts, by keys of config.json.
///
/// The scores are those that the experts are chosen by, before any bias. A softmax over the chosen
/// logits alone is the softmax over all, normalised.
struct FamilyWeights: Decodable, Sendable {
  /// A number that config.json may give.
  struct Number: Decodable, Sendable {
    /// Its keys, in the order of trial.
    let keys: [String]
    /// What holds where config.json lacks them.
    let `default`: Double

    func value(
      _ config: ModelConfig, isSound: (Double) -> Bool = { $0 >= 0 }
    ) throws(CheckpointError) -> Double {
      for key in keys {
        guard let value = try config.number(key) else { continue }
        guard isSound(value) else {
          throw .badConfig(path: config.path, key: key, reason: "is \(value), which is senseless")
        }
        return value
      }
      return `default`
    }
  }

  /// The division by the sum over the chosen experts.
  struct Normalisation: Decodable, Sendable {
    /// The keys of config.json that say whether there is one; none where they say nothing.
    let keys: [String]
    /// What holds where config.json lacks them.
    let `default`: Bool
    /// What is added to the sum.
    let epsilon: Double?
    /// What the sum is no less than.
    let least: Number?

    func divisor(
      _ config: ModelConfig
    ) throws(CheckpointError) -> RoutingRule.Weighting.Divisor? {
      var isOn = `default`
      if let key = keys.first(where: config.has) {
        // Python takes null for no.
        isOn = try config.boolean(key) ?? false
      }
      guard isOn else { return nil }
      return RoutingRule.Weighting.Divisor(
        epsilon: epsilon ?? 0, least: try least?.value(config) ?? 0)
    }
  }

  private let normalised: Normalisation?
  private let scale: Number?
  /// The distance up to which logits share, where the chosen experts' scores are such shares.
  private let sparseMixer: Number?
  /// Whether weights multiply the inputs of experts; false where nothing is said.
  private let ofInputs: Bool?

  /// How the routers of a model weigh experts.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  func weighting(_ config: ModelConfig) throws(CheckpointError) -> RoutingRule.Weighting {
    var mixer: SparseMixer?
    if let sparseMixer { mixer = SparseMixer(jitter: try sparseMixer.value(config)) }
    return RoutingRule.Weighting(
      divisor: try normalised?.divisor(config),
      scale: try scale?.value(config, isSound: { $0 > 0 }) ?? 1,
      mixer: mixer, appliesToInput: ofInputs ?? false)
  }
}
