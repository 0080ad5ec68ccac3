/// Which layers of a model have experts, by keys of config.json.
///
/// Where `mlp_layer_types` is there, those that it calls sparse, except by the rules that other keys
/// than `key` tell.
struct MoELayerRule: Decodable, Sendable {
  enum Rule: String, Decodable, Sendable, CaseIterable {
    /// Every layer.
    case all
    /// Every `decoder_sparse_step`-th layer but those in `mlp_only_layers`.
    case sparseStep = "sparse step"
    /// Every layer from `key` on whose number the frequency divides.
    case firstDense = "first dense"
    /// The layers listed under `key`; without that key, every one that ends a step of the
    /// frequency.
    case listed
    /// The layers whose remainder by the frequency is `key`.
    case period
    /// From `key` to `endKey`, each that ends a step of the frequency; of lists, from the first start
    /// to the last end.
    case interval
    /// The layers that `layers_block_type` calls moe; without that key, those whose letter in the
    /// word under `key` is E.
    case blockTypes = "block types"
  }

  let rule: Rule
  let key: String?
  let endKey: String?
  let frequencyKey: String?
  private let `default`: Int?
  private let frequencyDefault: Int?

  /// The layers below `layerCount` that have experts, ascending.
  ///
  /// - Throws: ``CheckpointError`` for a key that is no integer, or a step of zero.
  func layers(of config: ModelConfig, layerCount: Int) throws(CheckpointError) -> [Int] {
    let all = Array(0..<layerCount)
    // Transformers 5 writes it in place of the keys that a family was published with.
    if ![.all, .sparseStep, .blockTypes].contains(rule),
      let types = try config.strings("mlp_layer_types")
    {
      guard types.count >= layerCount else {
        throw .badConfig(
          path: config.path, key: "mlp_layer_types",
          reason: "lists \(types.count) layers of \(layerCount)")
      }
      return all.filter { types[$0] == "sparse" }
    }
    switch rule {
    case .all: return all
    case .sparseStep:
      let step = try config.step("decoder_sparse_step", default: 1)
      let dense = Set(try config.integers("mlp_only_layers") ?? [])
      return all.filter { !dense.contains($0) && ($0 + 1) % step == 0 }
    case .firstDense: return try pastFirst(all, config)
    case .listed:
      if let key, let listed = try config.listedIntegers(key) {
        return Set(listed).filter { all.indices.contains($0) }.sorted()
      }
      let step = try frequency(config)
      return all.filter { ($0 + 1) % step == 0 }
    case .period:
      let step = try frequency(config)
      let offset = try start(config)
      return all.filter { $0 % step == offset }
    case .interval:
      let step = try frequency(config)
      let starts = try key.flatMap { name throws(CheckpointError) in try numbers(name, config) }
      let first = starts?.min() ?? `default` ?? 0
      let ends = try endKey.flatMap { name throws(CheckpointError) in try numbers(name, config) }
      let end = ends?.max() ?? -1
      let last = end == -1 ? layerCount - 1 : end
      return all.filter { ($0 + 1) % step == 0 && first <= $0 && $0 <= last }
    case .blockTypes:
      let letters = try key.flatMap { name throws(CheckpointError) in try config.word(name) }
      let types =
        try config.strings("layers_block_type") ?? letters.map { $0.map { $0 == "E" ? "moe" : "" } }
      guard let types, types.count >= layerCount else {
        throw .badConfig(
          path: config.path, key: key, reason: "does not tell the types of \(layerCount) layers")
      }
      return all.filter { types[$0] == "moe" }
    }
  }

  /// The integers of a key that may hold one or a list of them.
  private func numbers(_ key: String, _ config: ModelConfig) throws(CheckpointError) -> [Int]? {
    if case .listed(let numbers) = try config.layerNumbers(key) { return numbers }
    return try config.integer(key).map { [$0] }
  }

  private func pastFirst(_ all: [Int], _ config: ModelConfig) throws(CheckpointError) -> [Int] {
    let first = try start(config)
    // Some configs give a list of zeros and ones instead of a step.
    if let frequencyKey, let flags = try? config.integers(frequencyKey) {
      return all.filter { $0 >= first && $0 < flags.count && flags[$0] != 0 }
    }
    let step = try frequency(config)
    return all.filter { $0 >= first && $0 % step == 0 }
  }

  private func start(_ config: ModelConfig) throws(CheckpointError) -> Int {
    let fallback = `default` ?? 0
    guard let key else { return fallback }
    return try config.integer(key) ?? fallback
  }

  private func frequency(_ config: ModelConfig) throws(CheckpointError) -> Int {
    let fallback = frequencyDefault ?? 1
    guard let frequencyKey else { return fallback }
    return try config.step(frequencyKey, default: fallback)
  }
}
