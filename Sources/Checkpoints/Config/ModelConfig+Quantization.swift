import Foundation
import JSON
import Tensors

/// What config.json says of quantised weights, which the tensors alone do not tell.
extension ModelConfig {
  /// The keys under which programs note how weights are quantised.
  private static let quantizationKeys = ["quantization_config", "compression_config"]

  /// The notes; empty where weights are plain.
  ///
  /// Sources: the configs that transformers, compressed-tensors, AutoGPTQ, AutoAWQ and ModelOpt
  /// write.
  ///
  /// - Throws: ``CheckpointError/badConfig(path:key:reason:)``
  var quantization: QuantizationNotes {
    get throws(CheckpointError) {
      let sections = [self, whole].lazy.flatMap { config in
        Self.quantizationKeys.lazy.compactMap { config.section($0) }
      }
      guard let section = sections.first else { return try notesBeside() }
      var notes = try section.quantizationNotes()
      // compressed-tensors says of groups of matrices how their weights are stored. Which matrix is
      // of which group is not looked up: where groups differ, tensors tell.
      if let groups = section.section("config_groups") {
        let weights = groups.values.own.keys.sorted().compactMap { key in
          groups.section(key)?.section("weights")
        }
        let all = try weights.map { weights throws(CheckpointError) in
          try weights.quantizationNotes()
        }
        func agreed<Value: Equatable>(_ key: KeyPath<QuantizationNotes, Value?>) -> Value? {
          notes[keyPath: key]
            ?? (all.indices.allSatisfy { all[$0][keyPath: key] == all[0][keyPath: key] }
              ? all.first?[keyPath: key] : nil)
        }
        notes.version = agreed(\.version)
        notes.bitCount = agreed(\.bitCount)
        notes.groupSize = agreed(\.groupSize)
        notes.block = agreed(\.block)
        notes.hasOrder = agreed(\.hasOrder)
        notes.hasZeros = agreed(\.hasZeros)
      }
      notes.transforms = section.section("transform_config.config_groups").flatMap { groups in
        groups.values.own.isEmpty ? nil : groups.values.own.keys.sorted().joined(separator: ", ")
      }
      return notes
    }
  }

  /// The files in which programs note it beside config.json, and what they then mean.
  private static let filesBeside = [
    ("quantize_config.json", "gptq"), ("quant_config.json", "awq"), ("hf_quant_config.json", nil),
  ]

  /// The notes of a file beside config.json; empty where there is none.
  private func notesBeside() throws(CheckpointError) -> QuantizationNotes {
    let folder = (path as NSString).deletingLastPathComponent
    for (name, method) in Self.filesBeside {
      let path = "\(folder)/\(name)"
      guard let bytes = FileManager.default.contents(atPath: path) else { continue }
      let file = try ModelConfig(path: path, bytes: [UInt8](bytes))
      let section = file.section("quantization") ?? file
      var notes = try section.quantizationNotes()
      // ModelOpt has its own word; null where weights are plain.
      if notes.method == nil { notes.method = try section.word("quant_algo")?.lowercased() }
      if notes.method == nil { notes.method = method }
      return notes
    }
    return QuantizationNotes()
  }

  /// What one section says by itself.
  private func quantizationNotes() throws(CheckpointError) -> QuantizationNotes {
    var notes = QuantizationNotes()
    notes.method = try word("quant_method")
    for key in ["checkpoint_format", "packing_format", "version", "format"]
    where notes.version == nil {
      notes.version = try word(key)
    }
    for key in ["bits", "w_bit", "num_bits"] where notes.bitCount == nil {
      notes.bitCount = try integer(key)
    }
    notes.groupSize = try integer("group_size")
    for key in ["weight_block_size", "block_structure"] where notes.block == nil {
      guard let block = try sizes(key) else { continue }
      guard block.count == 2, block.allSatisfy({ $0 > 0 }) else {
        throw .badConfig(path: path, key: key, reason: "is \(block), not two positive numbers")
      }
      notes.block = block
    }
    // Orders that are fixed before need no tensor to tell them.
    let order = values["actorder"]?.stringValue
    if values["desc_act"] == .bool(true) || values["actorder"] == .bool(true)
      || order.map(["group", "dynamic"].contains) == true
    {
      notes.hasOrder = true
    }
    if values["symmetric"] == .bool(false) { notes.hasZeros = true }
    return notes
  }

  /// Whether the file says that weights are quantised.
  var saysQuantised: Bool {
    let places = [self, whole] + whole.values.own.keys.compactMap { whole.section($0) }
    return places.contains { place in
      Self.quantizationKeys.contains { place.values[$0].map { !$0.isNull } == true }
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
    let isStale = members.map { Self.quantizationKeys.contains($0.key) }
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
}
