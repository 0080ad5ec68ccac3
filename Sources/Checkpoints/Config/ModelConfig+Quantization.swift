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
        for key in ["checkpoint_format", "packing_format", "version", "format"]
        where notes.version == nil {
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

  /// The keys under which programs say that weights are quantised.
  private static let staleKeys = [quantizationKey, "compression_config"]

  /// Whether the file says that weights are quantised.
  var saysQuantised: Bool {
    let places = [self, whole] + whole.values.own.keys.compactMap { whole.section($0) }
    return places.contains { place in
      Self.staleKeys.contains { place.values[$0].map { !$0.isNull } == true }
    }
  }

  /// The same file for weights that are plain again: without what it says of quantised ones.
  ///
  /// - Returns: The config, of which only the text has changed, and the keys that are gone.
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  package func withoutQuantisation() throws(CheckpointError) -> (
    config: ModelConfig, removed: [String]
  ) {
    var removed: [String] = []
    var inner: [UInt8] = []
    var end = 0
    // A part of the file, such as that of the language model, may have its own.
    for member in try members(of: bytes) where whole.section(member.key) != nil {
      inner += bytes[end..<member.value.lowerBound]
      inner += try withoutQuantisation(
        Array(bytes[member.value]), of: "\(member.key).", removed: &removed)
      end = member.value.upperBound
    }
    inner += bytes[end...]
    let text = try withoutQuantisation(inner, of: "", removed: &removed)
    return (replacingText(text), removed)
  }

  private func withoutQuantisation(
    _ bytes: [UInt8], of place: String, removed: inout [String]
  ) throws(CheckpointError) -> [UInt8] {
    let members = try members(of: bytes)
    let isStale = members.map { Self.staleKeys.contains($0.key) }
    guard let first = members.first, let last = members.last, isStale.contains(true) else {
      return bytes
    }
    var text = Array(bytes[..<first.start])
    var isFirst = true
    for (number, member) in members.enumerated() {
      if isStale[number] {
        removed.append(place + member.key)
        continue
      }
      if !isFirst { text += bytes[members[number - 1].value.upperBound..<member.start] }
      isFirst = false
      text += bytes[member.start..<member.value.upperBound]
    }
    return text + bytes[last.value.upperBound...]
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
  private var keys: some Sequence<String> { values.own.keys }
}
