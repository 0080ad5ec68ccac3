/// What is known of how a family's routers choose and weigh experts: keys of config.json and names
/// of tensors inside the MoE block.
struct FamilyRouting: Decodable, Sendable {
  /// What is added to scores for choosing.
  struct Bias: Decodable, Sendable {
    /// The names that its tensor may have, in the order of trial.
    let names: [String]
    /// The key of config.json that says whether there is one; nil where there always is.
    let key: String?
    /// What holds where config.json lacks that key.
    let `default`: Bool?
  }

  /// The limit of the choice to the best groups of experts.
  struct Groups: Decodable, Sendable {
    /// The keys for the number of groups, in the order of trial.
    let count: [String]
    /// The keys for the number of groups that are kept, in the order of trial.
    let kept: [String]
    /// What a group is judged by.
    let measure: RoutingRule.Groups.Measure
    /// The key that names the method, where only some methods have the limit.
    let methodKey: String?
    /// Whether a method has the limit, by name; without the key there is none.
    let methods: [String: Bool]?
  }

  /// What is made of the logits.
  private let score: RouterScore
  /// The key that may name another score.
  private let scoreKey: String?
  /// What logits are capped at before anything is made of them, 0 for no cap; nil where no key speaks
  /// of it.
  private let cap: FamilyWeights.Number?
  /// The keys for the number of experts per token, in the order of trial.
  let perToken: [String]
  /// The number of experts per token, where the code of the family has it fixed.
  private let always: Int?
  /// The bias, where the family has one.
  let bias: Bias?
  private let groups: Groups?
  /// The name of a tensor that shows that a layer chooses by tokens, not by logits.
  let tokenTable: String?
  /// How the chosen experts are weighted; nil where that is not known.
  private let weights: FamilyWeights?

  /// The rule of a layer, but for its bias.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  func rule(
    ofLayer layer: Int, expertCount: Int, config: ModelConfig, bias: [Double]?
  ) throws(CheckpointError) -> RoutingRule {
    let count = try config.size(perToken, ofLayer: layer, atMost: expertCount)
    if let always, count != always {
      throw .badConfig(
        path: config.path, key: perToken.joined(separator: " or "),
        reason: "is \(count), but the routers of this family choose \(always)")
    }
    let groups = try limit(config, expertCount: expertCount)
    if let groups, groups.kept * (expertCount / groups.count) < count {
      throw .badConfig(
        path: config.path, key: nil,
        reason: "limits the choice to \(groups.kept) of \(groups.count) groups of experts, "
          + "fewer than the \(count) experts of a token")
    }
    let cap = try cap?.value(config) ?? 0
    return RoutingRule(
      expertCount: expertCount, expertsPerToken: count, cap: cap > 0 ? cap : nil,
      score: try score(config), bias: bias, groups: groups,
      weighting: try weights?.weighting(config))
  }

  /// Whether routers have the bias.
  func hasBias(_ config: ModelConfig) throws(CheckpointError) -> Bool {
    guard let bias else { return false }
    guard let key = bias.key else { return true }
    return try config.boolean(key) ?? bias.default ?? true
  }

  private func score(_ config: ModelConfig) throws(CheckpointError) -> RouterScore {
    guard let scoreKey, let word = try config.word(scoreKey) else { return score }
    guard let score = RouterScore(rawValue: word) else {
      throw .badConfig(path: config.path, key: scoreKey, reason: "is '\(word)', which is not known")
    }
    return score
  }

  /// The groups; nil where there is one at most, or where all are kept.
  private func limit(
    _ config: ModelConfig, expertCount: Int
  ) throws(CheckpointError) -> RoutingRule.Groups? {
    guard let groups else { return nil }
    if let key = groups.methodKey {
      guard let method = try config.word(key) else { return nil }
      guard let isLimited = groups.methods?[method] else {
        throw .badConfig(path: config.path, key: key, reason: "is '\(method)', which is not known")
      }
      guard isLimited else { return nil }
    }
    var count: (key: String, value: Int)?
    for key in groups.count where count == nil {
      count = try config.integer(key).map { (key, $0) }
    }
    // Some configs write no groups as 0.
    guard let count, count.value != 0, count.value != 1 else { return nil }
    let size = count.value < 0 ? 0 : expertCount / count.value
    guard size >= 1, size * count.value == expertCount, size >= 2 || groups.measure == .largest
    else {
      throw .badConfig(
        path: config.path, key: count.key,
        reason: "is \(count.value), into which \(expertCount) experts cannot be divided")
    }
    let kept = try config.size(groups.kept, atMost: count.value)
    return kept == count.value
      ? nil : RoutingRule.Groups(count: count.value, kept: kept, measure: groups.measure)
  }
}
