import JSON
import Tensors

/// What config.json says of quantised weights, which the tensors alone do not tell.
extension ModelConfig {
  /// The key under which programs note how weights are quantised.
  static let quantizationKey = "quantization_config"

  /// The notes; empty where weights are plain.
  ///
  /// Sources: the configs that transformers, compressed-tensors, AutoGPTQ, AutoAWQ and ModelOpt
  /// write.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  var quantization: QuantizationNotes {
    get throws(CheckpointError) {
      var notes = QuantizationNotes()
      let section = [self, whole].lazy.compactMap { $0.section(Self.quantizationKey) }.first
      guard let section else { return notes }
      // compressed-tensors says of groups of matrices how their weights are stored; where there are
      // several, tensors tell.
      let groups = section.section("config_groups")
      let weights = groups.flatMap { groups in
        groups.keys.sorted().lazy.compactMap { groups.section($0)?.section("weights") }.first
      }
      notes.method = try section.word("quant_method")
      for place in [section, weights].compactMap(\.self) {
        for key in ["checkpoint_format", "packing_format", "version", "format"] where notes.version == nil {
          notes.version = try place.word(key)
        }
        for key in ["bits", "w_bit", "num_bits"] where notes.bitCount == nil {
          notes.bitCount = try place.integer(key)
        }
        if notes.groupSize == nil { notes.groupSize = try place.integer("group_size") }
        for key in ["weight_block_size", "block_structure"] where notes.block == nil {
          notes.block = try place.sizes(key)
        }
      }
      if let block = notes.block, block.count != 2 || block.contains(where: { $0 < 1 }) {
        throw .badConfig(
          path: path, key: "weight_block_size", reason: "is \(block), not two positive numbers")
      }
      return notes
    }
  }

  /// The type of the model's numbers, to which decoded ones are rounded: that of config.json, else
  /// BF16.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  var numberType: ElementType {
    get throws(CheckpointError) {
      for config in [self, whole] {
        for key in ["dtype", "torch_dtype"] {
          switch try config.word(key) {
          case "float16", "torch.float16": return .f16
          case "float32", "torch.float32": return .f32
          case "bfloat16", "torch.bfloat16": return .bf16
          default: continue
          }
        }
      }
      return .bf16
    }
  }

  /// The whole numbers of a list; nil where the key is missing or null.
  private func sizes(_ key: String) throws(CheckpointError) -> [Int]? {
    guard let value = values[key], !value.isNull else { return nil }
    guard let list = value.arrayValue?.map(\.integerValue), !list.contains(nil) else {
      throw .badConfig(path: path, key: key, reason: "is not a list of whole numbers")
    }
    return list.compactMap(\.self)
  }

  /// The keys that are there.
  private var keys: some Sequence<String> { values.keys }
}
