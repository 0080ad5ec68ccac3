import Checkpoints
import Foundation
import TestSupport
import Tensors
import Testing

/// Checks what the names of tensors say they are for.
@Suite struct TensorNamesTests {
  // MARK: Fixtures

  private func names(inFolder folder: String) throws -> (Checkpoint, [String]) {
    let url = Fixture.url(folder)
    let checkpoint = try Checkpoint(path: url.path)
    let files = try FileManager.default.contentsOfDirectory(
      at: url, includingPropertiesForKeys: nil
    ).filter { $0.pathExtension == "safetensors" }
    let names = try files.flatMap { file in
      let data = try Data(contentsOf: file)
      let size = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let header = try JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(size))
      return (header as? [String: Any] ?? [:]).keys.filter { $0 != "__metadata__" }
    }
    return (checkpoint, names.sorted())
  }

  @Test(
    "Every tensor of a language model has a role, and its role leads back to it",
    arguments: [
      "bailing_hybrid/hub", "deepseek_v1/hub", "deepseek_v2/hub", "deepseek_v3/hub",
      "deepseek_v3_ct_int4/hub", "deepseek_v3_fp8/hub", "deepseek_v4/hub", "gpt_oss/hub",
      "gpt_oss_mxfp4/hub", "granitemoe/hub", "kimi_linear/hub", "llama4_text/hub", "mixtral/hub",
      "olmoe/hub", "phimoe/hub", "qwen2_moe/fused", "qwen2_moe/hub", "qwen2_moe_mixed/hub",
      "qwen3_5_moe_cond/hub", "qwen3_5_moe_text/hub", "qwen3_moe/hub", "qwen3_next/hub",
    ])
  func fixtures(folder: String) throws {
    let (checkpoint, names) = try names(inFolder: "families/\(folder)")
    #expect(names.count == checkpoint.tensorCount)
    let strangers = names.filter { checkpoint.use(of: $0) == nil }
    #expect(strangers.filter { !$0.hasPrefix("model.visual.") } == [])
    for name in names {
      guard let use = checkpoint.use(of: name) else { continue }
      let found = checkpoint.tensorNames(of: use.role, part: use.part, inLayer: use.layer)
      #expect(found.contains(name))
      #expect(Set(found).count == found.count)
      if let layer = use.layer { #expect(name.contains("layers.\(layer).")) }
      if let expert = use.expert { #expect(name.contains("experts.\(expert).")) }
    }
  }

  @Test("Experts come in their order, also beyond ten of them")
  func experts() throws {
    let checkpoint = try Checkpoint(path: Fixture.url("qwen2-moe-tiny").path)
    let start = "model.layers.2.mlp"
    #expect(
      checkpoint.tensorNames(of: .expertUp, inLayer: 2)
        == (0..<12).map { "\(start).experts.\($0).up_proj.weight" })
    #expect(
      checkpoint.use(of: "\(start).experts.11.up_proj.weight")
        == TensorUse(role: .expertUp, layer: 2, expert: 11))
    #expect(checkpoint.tensorNames(of: .router, inLayer: 2) == ["\(start).gate.weight"])
    #expect(
      checkpoint.tensorNames(of: .sharedOutputGate, inLayer: 2)
        == ["\(start).shared_expert_gate.weight"])
    #expect(
      checkpoint.tensorNames(of: .query, part: .bias, inLayer: 2)
        == ["model.layers.2.self_attn.q_proj.bias"])
    #expect(checkpoint.tensorNames(of: .tokenEmbedding) == ["model.embed_tokens.weight"])
    #expect(checkpoint.tensorNames(of: .denseUp, inLayer: 2) == [])
    #expect(checkpoint.tensorNames(of: .router, inLayer: 3) == [])
    #expect(checkpoint.tensorNames(of: .router) == [])
    #expect(checkpoint.tensorNames(of: .tokenEmbedding, inLayer: 2) == [])
  }

  @Test("What belongs to packed values is told apart from them")
  func parts() throws {
    let packed = try Checkpoint(path: Fixture.url("families/deepseek_v3_ct_int4/hub").path)
    let gate = "model.layers.1.mlp.experts.2.gate_proj.weight"
    for (ending, part) in [
      ("_packed", TensorUse.Part.values), ("_scale", .scales), ("_shape", .shape),
    ] {
      #expect(
        packed.use(of: gate + ending)
          == TensorUse(role: .expertGate, layer: 1, expert: 2, part: part))
      #expect(
        packed.tensorNames(of: .expertGate, part: part, inLayer: 1)[2] == gate + ending)
    }
    let mxfp4 = try Checkpoint(path: Fixture.url("families/gpt_oss_mxfp4/hub").path)
    let start = "model.layers.0.mlp.experts.gate_up_proj"
    for (ending, part) in [
      ("_blocks", TensorUse.Part.values), ("_scales", .scales), ("_bias", .bias),
    ] {
      #expect(
        mxfp4.use(of: start + ending) == TensorUse(role: .expertGateUp, layer: 0, part: part))
      #expect(
        mxfp4.tensorNames(of: .expertGateUp, part: part, inLayer: 0) == [start + ending])
    }
  }

  @Test("A selection bias is no bias of the router")
  func selectionBias() throws {
    let checkpoint = try Checkpoint(path: Fixture.url("families/deepseek_v4/hub").path)
    let name = "model.layers.1.ffn.gate.bias"
    #expect(checkpoint.use(of: name) == TensorUse(role: .selectionBias, layer: 1))
    #expect(checkpoint.tensorNames(of: .selectionBias, inLayer: 1) == [name])
    #expect(checkpoint.tensorNames(of: .router, part: .bias, inLayer: 1) == [])
  }

  @Test(
    "Other names have no role",
    arguments: [
      "", "model", "model.layers", "model.layers.0", "model.layers.0.", "layers.0.mlp.gate.weight",
      "model.layers.3.mlp.gate.weight", "model.layers.-1.mlp.gate.weight",
      "model.layers.00.mlp.gate.weight", "model.layers.+0.mlp.gate.weight",
      "model.layers.0.mlp.experts.12.up_proj.weight", "model.layers.0.mlp.experts.1.up_proj",
      "model.layers.0.mlp.experts.{E}.up_proj.weight", "model.layers.0.mlp.gate.weight.bias",
      "model.layers.99999999999999999999.mlp.gate.weight", "model.norm.weight_scale_scale",
      "model.layers.0.mlp.experts.1.up_proj.unique", "mtp.layers.0.mlp.gate.weight",
    ])
  func strangers(name: String) throws {
    let checkpoint = try Checkpoint(path: Fixture.url("qwen2-moe-tiny").path)
    #expect(checkpoint.use(of: name) == nil)
  }

  // MARK: Golden

  /// What the words of the table that `Generators/tensor_names.py` reads mean.
  static let meanings: [String: TensorUse] = [
    "model embed": use(.tokenEmbedding), "model lm_head": use(.outputHead),
    "norm final": use(.finalNorm), "norm input": use(.attentionNorm),
    "norm pre_mlp": use(.mlpNorm), "norm post_attention": use(.attentionOutputNorm),
    "norm post_mlp": use(.mlpOutputNorm),
    "attention q": use(.query), "attention k": use(.key), "attention v": use(.value),
    "attention qkv": use(.queryKeyValue), "attention o": use(.attentionOutput),
    "attention q_bias": use(.query, .bias), "attention k_bias": use(.key, .bias),
    "attention v_bias": use(.value, .bias), "attention o_bias": use(.attentionOutput, .bias),
    "attention q_norm": use(.queryNorm), "attention k_norm": use(.keyNorm),
    "attention sinks": use(.attentionSinks), "attention q_a": use(.latentQuery),
    "attention q_a_norm": use(.latentQueryNorm), "attention q_b": use(.queryOfLatent),
    "attention kv_a": use(.latentKeyValue), "attention kv_a_norm": use(.latentKeyValueNorm),
    "attention kv_b": use(.keyValueOfLatent), "attention idx_k_norm_bias": use(.otherMixer, .bias),
    "dense gate": use(.denseGate), "dense up": use(.denseUp), "dense down": use(.denseDown),
    "router": use(.router), "router weight": use(.router), "router bias": use(.router, .bias),
    "router selection_bias": use(.selectionBias), "router tid2eid": use(.tokenTable),
    "shared gate": use(.sharedGate), "shared up": use(.sharedUp), "shared down": use(.sharedDown),
    "shared gate_up": use(.sharedGateUp), "shared output_gate": use(.sharedOutputGate),
    "expert gate": use(.expertGate), "expert up": use(.expertUp), "expert down": use(.expertDown),
    "expert gate_up": use(.expertGateUp), "expert gate_up_blocks": use(.expertGateUp),
    "expert gate_up_scales": use(.expertGateUp, .scales),
    "expert gate_up_bias": use(.expertGateUp, .bias), "expert down_blocks": use(.expertDown),
    "expert down_scales": use(.expertDown, .scales), "expert down_bias": use(.expertDown, .bias),
  ]

  static func use(_ role: TensorRole, _ part: TensorUse.Part = .values) -> TensorUse {
    TensorUse(role: role, part: part)
  }

  struct Entry {
    let word: String
    let pattern: String

    var name: String { pattern.replacing("{L}", with: "1").replacing("{E}", with: "2") }
    /// What stands before the layers of the checkpoint that such a name is in.
    var prefix: String { pattern.hasPrefix("model.") ? "model." : "" }

    func use() throws -> TensorUse {
      let isOther = word.hasPrefix("linear ") || word.hasPrefix("attention idx_")
      let meaning = try #require(
        TensorNamesTests.meanings[word]
          ?? (isOther ? TensorUse(role: .otherMixer) : nil), "\(word)")
      return TensorUse(
        role: meaning.role, layer: pattern.contains("{L}") ? 1 : nil,
        expert: pattern.contains("{E}") ? 2 : nil, part: meaning.part)
    }
  }

  @Test("The names of an independent table of families have the roles that it says")
  func table() throws {
    let table = try Fixture.decode([String: [String]].self, from: "families/names.json")
    // The table does not have those that it could not come from, or that came later.
    let known = Set(KnownFamily.all.map(\.id))
    #expect(Set(table.keys).isSubset(of: known))
    #expect(table.count == 29)
    for family in KnownFamily.all {
      guard let listed = table[family.id] else { continue }
      let entries = listed.map { entry in
        let parts = entry.split(separator: ": ", maxSplits: 1).map(String.init)
        return Entry(word: parts[0], pattern: parts[1])
      }
      for entries in Dictionary(grouping: entries, by: \.prefix).values {
        let folder = try toy(of: family, names: Set(entries.map(\.name))).written()
        let checkpoint = try Checkpoint(path: folder.path)
        for entry in entries {
          #expect(
            try checkpoint.use(of: entry.name) == entry.use(),
            "\(family.id): \(entry.word), \(entry.name)")
        }
      }
    }
  }

  /// A checkpoint of some family with two layers of 3 experts, that has tensors of those names.
  private func toy(of family: KnownFamily, names: Set<String>) -> ToyCheckpoint {
    var toy = ToyCheckpoint.of(
      family.modelTypes[0],
      keys: [
        "num_experts": 3, "n_routed_experts": 3, "num_local_experts": 3, "moe_num_experts": 3,
        "first_k_dense_replace": 0, "num_dense_layers": 0, "expert_layer_period": 1,
        "expert_layer_offset": 0, "interleave_moe_layer_step": 1,
      ], layerCount: 2)
    toy.tensors = names.sorted().map { ToyTensor($0, .bf16, [2], seed: 1) }
    return toy
  }
}
