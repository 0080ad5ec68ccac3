/// How many routed experts config.json gives to each layer.
///
/// It may give one number, a list of all layers or of those with experts, or an object of numbers by
/// layer, under a key of the family or that key with `_per_layer` at its end. What the layers hold is
/// another matter.
struct ExpertCounts: Sendable {
  /// The number in layers that have none of their own.
  private let common: Int
  private let byLayer: [Int: Int]

  /// The number of a layer; 0 where it is said to have none.
  subscript(layer: Int) -> Int { byLayer[layer] ?? common }

  /// The key that says how many there are; nil where the model was made without experts.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)`` where no key is there.
  static func key(
    of config: ModelConfig, family: Family
  ) throws(CheckpointError) -> String? {
    for name in family.expertCount {
      let perLayer = "\(name)_per_layer"
      if try config.layerNumbers(perLayer) != nil { return perLayer }
      guard config.has(name) else { continue }
      switch try config.layerNumbers(name) {
      case nil, .same(0): return nil
      case .some: return name
      }
    }
    throw .badConfig(
      path: config.path, key: family.expertCount.joined(separator: " or "), reason: "is missing")
  }

  /// Reads the numbers.
  ///
  /// - Parameters:
  ///   - key: Where they stand.
  ///   - config: The language model's part of config.json.
  ///   - family: Whose lists may be of kinds of experts instead of layers.
  ///   - layerCount: The number of layers.
  ///   - moeLayers: Those with experts by the family's rule.
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  init(
    _ key: String, of config: ModelConfig, family: Family, layerCount: Int, moeLayers: [Int]
  ) throws(CheckpointError) {
    // Every expert of every layer is looked for: a config must not make that endless.
    let limit = 1_000_000 / max(1, moeLayers.count)
    switch try config.layerNumbers(key) {
    case nil, .same:
      common = try config.size([key], atMost: limit)
      byLayer = [:]
    case .listed(let numbers):
      try Self.check(numbers, of: key, limit: limit, config)
      let first = numbers.first { $0 > 0 } ?? 0
      if family.otherRouters != nil {
        (common, byLayer) = (first, [:])
      } else if numbers.count == layerCount {
        (common, byLayer) = (first, Dictionary(uniqueKeysWithValues: zip(0..., numbers)))
      } else if numbers.count == moeLayers.count {
        (common, byLayer) = (first, Dictionary(uniqueKeysWithValues: zip(moeLayers, numbers)))
      } else {
        throw .badConfig(
          path: config.path, key: key,
          reason: "lists \(numbers.count) layers, but the model has \(layerCount)"
            + (moeLayers.count == layerCount ? "" : ", \(moeLayers.count) of them with experts"))
      }
    case .byLayer(let numbers):
      try Self.check(Array(numbers.values), of: key, limit: limit, config)
      let base = key.hasSuffix("_per_layer") ? String(key.dropLast("_per_layer".count)) : key
      var given: Int?
      if case .same(let number) = try config.layerNumbers(base), (1...limit).contains(number) {
        given = number
      }
      common = given ?? numbers.values.max() ?? 0
      byLayer = numbers
    }
  }

  private static func check(
    _ numbers: [Int], of key: String, limit: Int, _ config: ModelConfig
  ) throws(CheckpointError) {
    guard let wrong = numbers.first(where: { !(0...limit).contains($0) }) else { return }
    throw .badConfig(
      path: config.path, key: key,
      reason: wrong < 0 ? "holds \(wrong), but cannot be negative" : "holds \(wrong), beyond reason"
    )
  }
}
