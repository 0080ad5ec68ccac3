import Checkpoints
import Experts
import TestSupport
import Tensors
import Testing

/// Checks that every tensor of experts that is not measured is counted and named.
@Suite struct UnmeasuredExpertsTests {
  /// Two layers of DeepSeek-V3 with three experts each.
  private func toy() -> ToyCheckpoint {
    var toy = ToyCheckpoint.of("deepseek_v3", keys: ["first_k_dense_replace": 0], layerCount: 2)
    for layer in 0...1 { toy.addLayer(layer, experts: 3, hidden: 8, width: 6) }
    return toy
  }

  private func opened(_ toy: ToyCheckpoint) throws -> Checkpoint {
    let folder = try toy.written()
    return try withExtendedLifetime(folder) { try Checkpoint(path: folder.path) }
  }

  @Test("of a checkpoint that is measured whole, nothing is left")
  func nothing() throws {
    var toy = toy()
    // Neither is what stands beside weights.
    toy.tensors += [
      ToyTensor(
        "model.layers.0.mlp.experts.0.up_proj.weight_scale_inv", .f32, [1, 1], values: [1]),
      ToyTensor("model.layers.0.mlp.experts.0.up_proj.bias", .bf16, [6], seed: 1),
    ]
    #expect(try opened(toy).unmeasured() == [])
    #expect(try opened(.deepseek()).unmeasured() == [])
  }

  @Test(
    "layers past num_hidden_layers are counted by their numbers, and can be measured",
    arguments: [
      ("model.layers.2.", 2), ("model.layers.5.", 5), ("mtp.layers.0.", 2),
      ("model.mtp.layers.1.", 3), ("model.mtp_layers.0.", 2), ("nextn.0.", 2),
    ])
  func furtherLayers(start: String, number: Int) throws {
    var toy = toy()
    var other = ToyCheckpoint(config: [:])
    other.addLayer(0, experts: 4, hidden: 8, width: 6)
    toy.tensors += other.tensors.map {
      $0.named(start + $0.name.dropFirst("model.layers.0.".count))
    }
    let checkpoint = try opened(toy)
    #expect(checkpoint.layers.map(\.index) == [0, 1])
    #expect(checkpoint.furtherLayers.map(\.index) == [number])
    let found = checkpoint.unmeasured()
    #expect(
      found.map(\.text) == [
        "layer \(number): 12 tensors of experts 0-3, past num_hidden_layers (2), such as '\(start)mlp.experts.0.down_proj.weight'"
      ])
    #expect(found.map(\.option) == ["--mtp or --layers \(number)"])
    // It has one more expert than the others.
    #expect(checkpoint.furtherLayers[0].problems == [])
    #expect(checkpoint.furtherLayers[0].experts[.gate]?.count == 4)
    #expect(try checkpoint.layers(numbered: [0, number]).map(\.index) == [0, number])
    #expect(checkpoint.unmeasured(measuring: [number]) == [])
  }

  @Test("a config that says too few layers loses none")
  func tooFewLayers() throws {
    var toy = toy()
    toy.addLayer(2, experts: 3, hidden: 8, width: 6)
    toy.config["num_hidden_layers"] = 1
    let found = try opened(toy).unmeasured()
    #expect(found.map(\.layers) == [[1, 2]])
    #expect(found.map(\.tensorCount) == [18])
  }

  @Test("experts at or past the number of the router are counted")
  func pastCount() throws {
    var toy = toy()
    for expert in 3...4 {
      for name in ["gate_proj", "up_proj", "down_proj"] {
        let shape = name == "down_proj" ? [8, 6] : [6, 8]
        toy.tensors.append(
          ToyTensor("model.layers.1.mlp.experts.\(expert).\(name).weight", .bf16, shape, seed: 3))
      }
    }
    #expect(
      try opened(toy).unmeasured().map(\.text) == [
        "layer 1: 6 tensors of experts 3-4, past the 3 experts of the layer, such as 'model.layers.1.mlp.experts.3.down_proj.weight'"
      ])
  }

  @Test(
    "tensors of experts under names that the family does not have are counted",
    arguments: [
      (
        "model.layers.1.mlp.experts.2.router_proj.weight", [4, 8],
        "layer 1: 1 tensor of expert 2, of a name that the family deepseek_v3 does not have"
      ),
      (
        "model.layers.0.mlp.local_experts.0.w1.weight", [6, 8],
        "layer 0: 1 tensor of expert 0, of a name that the family deepseek_v3 does not have"
      ),
      (
        "model.layers.0.moe.input_linear.weight", [3, 12, 8],
        "layer 0: 1 tensor, of a name that the family deepseek_v3 does not have"
      ),
      (
        "visual.blocks.0.mlp.experts.1.fc1.weight", [6, 8],
        "1 tensor of expert 1 outside the layers of the model"
      ),
      ("experts.7.weight", [6, 8], "1 tensor of expert 7 outside the layers of the model"),
      (
        "mtp.experts.up.weight", [3, 6, 8], "1 tensor outside the layers of the model"
      ),
      (
        "model.layers.0.mlp.extra.expert_2.w1.weight", [6, 8],
        "layer 0: 1 tensor of expert 2, of a name that the family deepseek_v3 does not have"
      ),
      (
        "model.layers.1.ffn.Experts.3.w1.weight", [6, 8],
        "layer 1: 1 tensor of expert 3, of a name that the family deepseek_v3 does not have"
      ),
      (
        "model.layers.1.mlp.expert_list.1.w1.weight", [6, 8],
        "layer 1: 1 tensor of expert 1, of a name that the family deepseek_v3 does not have"
      ),
      (
        "model.layers.1.mlp.w1", [3, 16, 8],
        "layer 1: 1 tensor, of a name that the family deepseek_v3 does not have"
      ),
      (
        "mtp.layers.0.mlp.gate_up_proj", [3, 16, 8], "1 tensor outside the layers of the model"
      ),
      (
        "model.layers.1.mlp.shared_expert.up_proj.weight", [6, 8],
        "layer 1: 1 tensor, of a name that the family deepseek_v3 does not have"
      ),
    ])
  func strangers(name: String, shape: [Int], text: String) throws {
    var toy = toy()
    toy.tensors.append(ToyTensor(name, .bf16, shape, seed: 4))
    let checkpoint = try opened(toy)
    #expect(checkpoint.unmeasured().map(\.text) == ["\(text), such as '\(name)'"])
    #expect(checkpoint.problems == [])
  }

  @Test(
    "matrices of one shape that are numbered in the feed-forward part of a layer are counted",
    arguments: ["ffn.{E}.w1.weight", "moe_layer.{E}.fc1.weight", "mlp.{E}.weight"])
  func numbered(name: String) throws {
    var toy = toy()
    toy.tensors += (0...2).map {
      ToyTensor(
        "model.layers.1.\(name.replacing("{E}", with: "\($0)"))", .bf16, [6, 8], seed: 4)
    }
    let found = try opened(toy).unmeasured()
    #expect(found.map(\.experts) == [[0, 1, 2]])
    #expect(found.map(\.layers) == [[1]])
  }

  @Test(
    "what only looks like experts is none",
    arguments: [
      ["model.layers.0.mixer.conv1d.weight": [96, 1, 4]],
      ["model.layers.0.mixer.conv1d.weight": [96, 16, 32]],
      ["model.layers.0.self_attn.qkv": [3, 16, 8]],
      [
        "model.layers.0.self_attn.state": [1, 16, 8], "model.layers.0.mlp.bias_table": [1, 16, 8],
      ],
      ["model.layers.0.mlp.0.weight": [8, 8], "model.layers.0.mlp.2.weight": [8, 8]],
      ["model.layers.0.ffn.0.w1.weight": [16, 8], "model.layers.0.ffn.1.w1.weight": [8, 16]],
      [
        "model.layers.0.self_attn.heads.0.weight": [8, 8],
        "model.layers.0.self_attn.heads.1.weight": [8, 8],
      ],
      ["model.layers.0.mlp.shared_expert_gate.weight": [1, 8]],
      ["model.layers.0.mlp.expert_gate.weight": [3, 8]],
      ["visual.blocks.0.mlp.fc1.weight": [8, 8], "visual.blocks.1.mlp.fc1.weight": [8, 8]],
    ])
  func lookAlikes(shapes: [String: [Int]]) throws {
    var toy = toy()
    toy.tensors += shapes.sorted { $0.key < $1.key }.map {
      ToyTensor($0.key, .bf16, $0.value, seed: 4)
    }
    #expect(try opened(toy).unmeasured() == [])
  }

  // MARK: Shared experts

  @Test("shared experts that config.json denies are counted", arguments: [nil, 0] as [JSONText])
  func denied(number: JSONText) throws {
    var toy = ToyCheckpoint.deepseek()
    toy.config["n_shared_experts"] = number
    let checkpoint = try opened(toy)
    #expect(checkpoint.problems == [])
    #expect(
      checkpoint.unmeasured().map(\.text) == [
        "layers 1-2: 6 tensors, of a shared expert without a width in the config (moe_intermediate_size x n_shared_experts), such as 'model.layers.1.mlp.shared_experts.down_proj.weight'"
      ])
  }

  @Test("so are those that the family does not have")
  func unknownShared() throws {
    var toy = ToyCheckpoint.of("qwen3_moe", layerCount: 1)
    toy.addLayer(0, experts: 3, hidden: 8, width: 6, sharedWidth: 12)
    #expect(
      try opened(toy).unmeasured().map(\.text) == [
        "layer 0: 3 tensors, of a name that the family qwen3_moe does not have, such as 'model.layers.0.mlp.shared_experts.down_proj.weight'"
      ])
  }

  // MARK: Layers past the decoder's

  @Test("a layer past the decoder's of another width is measured with what is said of it")
  func otherWidthPastLayers() throws {
    var toy = toy()
    toy.addLayer(2, experts: 4, hidden: 8, width: 5)
    let folder = try toy.written()
    let usual = try Checkpoint(path: folder.path)
    #expect(usual.unmeasured().map(\.option) == ["--expert-width 5 --layers 2"])
    #expect(usual.otherWidthsPastLayers == [5])
    #expect(throws: CheckpointError.self) { try usual.layers(numbered: [2]) }
    let other = try Checkpoint(path: folder.path, expertWidth: 5)
    #expect(other.problems == [])
    #expect(other.layers.isEmpty)
    #expect(other.furtherLayers.map(\.expertNumbers) == [[0, 1, 2, 3]])
    #expect(try other.layers(numbered: [2]).map(\.index) == [2])
    #expect(throws: CheckpointError.self) { try other.layers(numbered: nil) }
    #expect(other.unmeasured(measuring: [2]).map(\.option) == ["--expert-width 6"])
  }

  @Test("a layer past the decoder's may have no shared expert, which is told")
  func withoutShared() throws {
    var toy = ToyCheckpoint.deepseek()
    toy.addLayer(3, experts: 3, hidden: 8, width: 6)
    let checkpoint = try opened(toy)
    #expect(checkpoint.furtherLayers.map(\.problems) == [[]])
    #expect(checkpoint.furtherLayers.map(\.shared.count) == [0])
    #expect(
      checkpoint.remarks.map(\.description) == [
        "layer 3: no shared expert, where the config says one"
      ])
    #expect(checkpoint.unmeasured().map(\.option) == ["--mtp or --layers 3"])
    // A part of one is damage.
    toy.tensors.append(
      ToyTensor("model.layers.3.mlp.shared_experts.up_proj.weight", .bf16, [12, 8], seed: 1))
    let damaged = try opened(toy)
    #expect(damaged.furtherLayers[0].problems.count == 2)
    #expect(damaged.unmeasured().map(\.option) == [nil])
  }

  @Test("of a layer past the decoder's that cannot be measured it is said why", arguments: [6, 5])
  func withoutRouter(width: Int) throws {
    var toy = toy()
    toy.addLayer(2, experts: 3, hidden: 8, width: width)
    toy["model.layers.2.mlp.gate.weight"] = nil
    let checkpoint = try opened(toy)
    let found = checkpoint.unmeasured()
    #expect(found.map(\.option) == [nil])
    // The others' shapes are what is wrong first.
    if width == 6 {
      #expect(
        checkpoint.furtherLayers.flatMap(\.problems) == [
          .incompleteFurtherLayer(
            path: checkpoint.path, layer: 2, tensor: "model.layers.2.mlp.gate.weight")
        ])
    }
    #expect(
      found.first?.text.hasSuffix(
        "; cannot be measured: there is no 'model.layers.2.mlp.gate.weight'") == true)
  }

  @Test("experts in a layer that config.json calls dense are counted beside the problem")
  func denseLayer() throws {
    var toy = toy()
    toy.config["first_k_dense_replace"] = 1
    let checkpoint = try opened(toy)
    #expect(checkpoint.problems.count == 1)
    #expect(checkpoint.unmeasured().map(\.tensorCount) == [9])
    #expect(checkpoint.unmeasured().map(\.reason) == [.denseLayer])
  }

  @Test("the parts of factored experts are measured, or stand beside what is")
  func factored() throws {
    #expect(try opened(.factoredDeepseek(mode: .exact)).unmeasured() == [])
  }
}
