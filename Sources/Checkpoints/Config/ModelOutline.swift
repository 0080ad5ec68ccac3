/// What config.json says of the layers and sizes of a model with experts.
struct ModelOutline: Sendable {
  /// The width of the residual stream.
  let hiddenSize: Int
  /// The width of the experts that are measured.
  let expertWidth: Int
  /// Whether that width was asked for, whatever config.json says.
  let isWidthAsked: Bool
  /// The width of the shared expert; nil where there is none.
  let sharedWidth: Int?
  /// The number of rows that a router has after those of the routed experts.
  let otherRouterRows: Int
  /// The number of decoder layers.
  let layerCount: Int
  /// The layers with experts, ascending.
  let moeLayers: [Int]
  /// How many experts each of them has.
  let counts: ExpertCounts

  /// Reads the language model's part of config.json; nil where it gives no layer any experts.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  init?(
    _ config: ModelConfig, family: Family, expertWidth asked: Int?
  ) throws(CheckpointError) {
    // Transformers 5 writes some configs with the types of layers alone.
    if !family.layerCount.contains(where: config.has),
      let types = try config.strings("layers_block_type")
    {
      layerCount = types.count
    } else {
      layerCount = try config.size(family.layerCount, atMost: 100_000)
    }
    guard let key = try ExpertCounts.key(of: config, family: family) else { return nil }
    let layers = try family.moeLayers.layers(of: config, layerCount: layerCount)
    let counts = try ExpertCounts(
      key, of: config, family: family, layerCount: layerCount, moeLayers: layers)
    self.counts = counts
    moeLayers = layers.filter { counts[$0] > 0 }
    guard !moeLayers.isEmpty else { return nil }
    hiddenSize = try config.size(family.hiddenSize)
    isWidthAsked = asked != nil
    if let asked { expertWidth = asked } else { expertWidth = try config.firstSize(family.width) }
    sharedWidth = try Self.sharedWidth(config, family)
    var rows = 0
    for key in family.otherRouterRows ?? [] {
      let count = try config.integer(key) ?? 0
      guard (0...1_000_000).contains(count) else {
        throw .badConfig(path: config.path, key: key, reason: "is \(count), beyond reason")
      }
      rows += count
    }
    otherRouterRows = rows
  }

  private static func sharedWidth(
    _ config: ModelConfig, _ family: Family
  ) throws(CheckpointError) -> Int? {
    guard let shared = family.shared else { return nil }
    var width = 1
    for key in shared.width {
      // No key, null or zero: the model was made without a shared expert.
      guard let factor = try config.firstInteger(key), factor > 0 else { return nil }
      width = width.multipliedReportingOverflow(by: factor).partialValue
    }
    return width
  }
}
