import Checkpoints
import Experts
import TestSupport
import Tensors
import Testing

/// Checks which experts layers have where they differ from each other or from config.json.
@Suite struct LayerExpertsTests {
  /// Layers of DeepSeek-V2 without a shared expert, of so many experts each.
  private func layers(of counts: [Int], keys: [String: JSONText] = [:]) -> ToyCheckpoint {
    var toy = ToyCheckpoint.of("deepseek_v2", keys: keys, layerCount: counts.count)
    for (layer, count) in counts.enumerated() {
      toy.addLayer(layer, experts: count, hidden: 8, width: 6)
    }
    return toy
  }

  private func counts(of checkpoint: Checkpoint) -> [Int] {
    checkpoint.layers.map { $0.experts[.down]?.count ?? 0 }
  }

  // MARK: Numbers of experts

  @Test(
    "config.json may give one number for each layer",
    arguments: [
      ["n_routed_experts": [3, 5]], ["n_routed_experts_per_layer": [3, 5]],
      ["n_routed_experts": 9, "n_routed_experts_per_layer": ["0": 3, "1": 5]],
      ["n_routed_experts": 3, "n_routed_experts_per_layer": ["1": 5]],
      ["n_routed_experts": nil, "n_routed_experts_per_layer": [3, 5]],
    ] as [[String: JSONText]])
  func configured(keys: [String: JSONText]) throws {
    let folder = try layers(of: [3, 5], keys: keys).written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(checkpoint.remarks.map(\.description) == [])
    #expect(counts(of: checkpoint) == [3, 5])
    #expect(checkpoint.sizes.expertCount == 5)
    #expect(checkpoint.layers.map(\.expertCount) == [3, 5])
    #expect(try checkpoint.layers[1].experts[.up]?[4].get().shape == [6, 8])
  }

  @Test("a list may be of the layers with experts alone, and have zeros or null for the others")
  func lists() throws {
    for keys in [
      ["n_routed_experts": [5, 2], "first_k_dense_replace": 1],
      ["n_routed_experts": [0, 5, 2]], ["n_routed_experts": [nil, 5, 2]],
    ] as [[String: JSONText]] {
      var toy = ToyCheckpoint.of("deepseek_v2", keys: keys, layerCount: 3)
      toy.addLayer(1, experts: 5, hidden: 8, width: 6)
      toy.addLayer(2, experts: 2, hidden: 8, width: 6)
      let folder = try toy.written()
      let checkpoint = try Checkpoint(path: folder.path)
      #expect(checkpoint.layers.map(\.index) == [1, 2])
      #expect(counts(of: checkpoint) == [5, 2])
      #expect(checkpoint.problems == [])
    }
  }

  @Test(
    "a list that fits no layers, or holds what is no number, is refused",
    arguments: [
      ([3, 3, 5], "lists 3 layers, but the model has 2"),
      ([3, -5], "holds -5, but cannot be negative"),
      ([3, 5_000_000], "holds 5000000, beyond reason"),
      ([3, "five"], "is not a list of whole numbers, one for each layer"),
    ] as [(JSONText, String)])
  func wrongList(list: JSONText, reason: String) throws {
    let folder = try layers(of: [3, 5], keys: ["n_routed_experts": list]).written()
    expectRefusal(
      of: folder.path,
      .badConfig(path: folder.path("config.json"), key: "n_routed_experts", reason: reason))
  }

  @Test("in a pruned checkpoint the router's rows tell, and that is told")
  func pruned() throws {
    let folder = try layers(of: [3, 2, 2]).written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(counts(of: checkpoint) == [3, 2, 2])
    #expect(
      checkpoint.remarks.map(\.description) == [
        "layers 1-2: 2 experts by the router and the tensors, where the config says 3"
      ])
    #expect(checkpoint.unmeasured() == [])
    #expect(try checkpoint.layers[1].router.get().shape == [2, 8])
  }

  @Test("experts that the router speaks of are missing, whatever config.json says")
  func gap() throws {
    var toy = layers(of: [3, 5])
    let name = "model.layers.1.mlp.experts.2.up_proj.weight"
    toy[name] = nil
    let folder = try toy.written()
    #expect(
      try Checkpoint(path: folder.path).problems
        == [.missingTensor(path: folder.path, tensor: name)])
  }

  @Test(
    "experts that kept their numbers when others were pruned are refused, whatever config.json says",
    arguments: [3, 6, 12] as [JSONText], [[0, 2, 5], [3, 4, 5]])
  func keptNumbers(configured: JSONText, kept: [Int]) throws {
    var toy = layers(of: [6, 6])
    toy.config["n_routed_experts_per_layer"] = ["0": 6, "1": configured]
    for expert in 0...5 where !kept.contains(expert) {
      for name in ["gate_proj", "up_proj", "down_proj"] {
        toy["model.layers.1.mlp.experts.\(expert).\(name).weight"] = nil
      }
    }
    let router = "model.layers.1.mlp.gate.weight"
    toy[router] = ToyTensor(router, .bf16, [3, 8], seed: 1)
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    let numbers = kept == [0, 2, 5] ? "0,2,5" : "3-5"
    #expect(
      checkpoint.problems.map(\.description) == [
        "\(folder.path): layer 1 has 3 experts by its router, but they are numbered \(numbers), and nothing says which row of the router is whose; number them 0 to 2 in the order of the router's rows"
      ])
    #expect(checkpoint.layers[1].experts[.up]?.contains { (try? $0.get()) != nil } == false)
    #expect(checkpoint.unmeasured() == [])
  }

  @Test("a layer with an ordinary MLP in the experts' stead is none of those with experts")
  func dense() throws {
    var toy = ToyCheckpoint.of("deepseek_v2", layerCount: 3)
    toy.addLayer(0, experts: 3, hidden: 8, width: 6)
    toy.tensors.append(ToyTensor("model.layers.1.mlp.gate_proj.weight", .bf16, [16, 8], seed: 1))
    toy.tensors.append(ToyTensor("model.layers.1.mlp.up_proj.weight", .bf16, [16, 8], seed: 2))
    toy.addLayer(2, experts: 3, hidden: 8, width: 6)
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.layers.map(\.index) == [0, 2])
    #expect(checkpoint.problems == [])
    #expect(
      checkpoint.remarks.map(\.description) == [
        "layer 1: an ordinary MLP, where the config says experts"
      ])
  }

  // MARK: Never dense

  @Test(
    "a model with tensors of experts is never called dense",
    arguments: [
      ["n_routed_experts": 0], ["n_routed_experts": nil], ["first_k_dense_replace": 2],
    ] as [[String: JSONText]])
  func denied(keys: [String: JSONText]) throws {
    let folder = try layers(of: [3, 3], keys: keys).written()
    expectRefusal(
      of: folder.path,
      .unexpectedExperts(
        path: folder.path, layer: nil, tensor: "model.layers.0.mlp.experts.0.down_proj.weight"))
  }

  @Test("an unknown model_type with tensors of experts is unknown, not dense")
  func unknown() throws {
    var toy = layers(of: [3])
    toy.config = ["model_type": "unheard_of", "hidden_size": 8]
    let folder = try toy.written()
    #expect {
      try Checkpoint(path: folder.path)
    } throws: { error in
      guard case CheckpointError.unknownModelType(_, let type, _, let alike, _) = error else {
        return false
      }
      return type == "unheard_of" && alike.count > 3
        && "\(error)".contains(" others")
    }
    toy.config["moe_num_experts"] = [4, 8]
    toy.tensors = []
    #expect {
      let folder = try toy.written()
      _ = try withExtendedLifetime(folder) { try Checkpoint(path: folder.path) }
    } throws: {
      if case CheckpointError.unknownModelType(_, _, _, _, nil) = $0 { true } else { false }
    }
  }

  @Test(
    "a model with matrices that are experts by their shape is not dense",
    arguments: [
      ["ffn.0.w1.weight": [6, 8], "ffn.1.w1.weight": [6, 8]],
      ["moe_layer.0.w1.weight": [6, 8], "moe_layer.1.w1.weight": [6, 8]],
      ["mlp.expert_0.w1.weight": [6, 8]], ["ffn.Experts.0.w1.weight": [6, 8]],
      ["mlp.w1": [4, 16, 8]],
    ])
  func shapes(tensors: [String: [Int]]) throws {
    var toy = ToyCheckpoint(config: ["model_type": "llama", "hidden_size": 8])
    toy.tensors = tensors.sorted { $0.key < $1.key }.map {
      ToyTensor("model.layers.0.\($0.key)", .bf16, $0.value, seed: 3)
    }
    #expect {
      let folder = try toy.written()
      _ = try withExtendedLifetime(folder) { try Checkpoint(path: folder.path) }
    } throws: {
      guard case CheckpointError.unknownModelType(_, _, _, [], let expert) = $0 else {
        return false
      }
      return expert == toy.tensors.map(\.name).min()
    }
  }

  @Test("experts elsewhere than in the model's layers make no dense model of it")
  func elsewhere() throws {
    var toy = ToyCheckpoint.of("deepseek_v2", layerCount: 1)
    toy.tensors = ["up_proj", "gate_proj"].map {
      ToyTensor("model.layers.0.mlp.\($0).weight", .bf16, [16, 8], seed: 1)
    }
    let stranger = "visual.blocks.0.mlp.experts.0.up_proj.weight"
    toy.tensors.append(ToyTensor(stranger, .bf16, [6, 8], seed: 1))
    let folder = try toy.written()
    expectRefusal(
      of: folder.path, .unexpectedExperts(path: folder.path, layer: nil, tensor: stranger))
  }

  // MARK: Widths

  @Test("of experts of two widths in one layer, those of one are measured at a time")
  func twoWidths() throws {
    var toy = layers(of: [4, 4])
    for layer in 0...1 {
      for expert in 2...3 { toy.resize(expert, layer: layer, width: 4) }
    }
    toy.config["n_routed_experts"] = 4
    let folder = try toy.written()
    let wide = try Checkpoint(path: folder.path)
    #expect(wide.problems == [])
    #expect(wide.layers.map(\.expertNumbers) == [[0, 1], [0, 1]])
    #expect(wide.layers[0].expertCount == 4)
    #expect(
      wide.unmeasured().map(\.text) == [
        "layers 0-1: 12 tensors of experts 2-3 of width 4, where those of width 6 are measured, such as 'model.layers.0.mlp.experts.2.down_proj.weight'"
      ])
    #expect(wide.unmeasured().map(\.option) == ["--expert-width 4"])

    let narrow = try Checkpoint(path: folder.path, expertWidth: 4)
    #expect(narrow.problems == [])
    #expect(narrow.layers.map(\.expertNumbers) == [[2, 3], [2, 3]])
    #expect(try narrow.layers[1].experts[.gate]?[0].get().shape == [4, 8])
    #expect(
      try narrow.layers[1].experts[.gate]?[0].get().name
        == "model.layers.1.mlp.experts.2.gate_proj.weight")
    #expect(narrow.unmeasured().map(\.experts) == [[0, 1]])

    #expect(throws: CheckpointError.noSuchWidth(path: folder.path, width: 5, widths: [4, 6])) {
      try Checkpoint(path: folder.path, expertWidth: 5)
    }
  }

  @Test("a layer whose experts are all of another width is told and left out")
  func otherLayer() throws {
    var toy = layers(of: [3, 3])
    for expert in 0..<3 { toy.resize(expert, layer: 1, width: 4) }
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(checkpoint.layers.map(\.index) == [0])
    #expect(checkpoint.unmeasured().map(\.layers) == [[1]])
    #expect(
      try Checkpoint(path: folder.path, expertWidth: 4).layers.map(\.index) == [1])
  }

  @Test("where no layer has the width that config.json gives, the shapes are what is wrong")
  func allOther() throws {
    var toy = layers(of: [3])
    for expert in 0..<3 { toy.resize(expert, layer: 0, width: 4) }
    let folder = try toy.written()
    let problems = try Checkpoint(path: folder.path).problems
    #expect(problems.count == 9)
    #expect(
      problems.first
        == .wrongShape(
          path: folder.path("model.safetensors"),
          tensor: "model.layers.0.mlp.experts.0.gate_proj.weight", shape: [4, 8],
          expected: [6, 8]))
  }

  @Test("ERNIE 4.5 VL has two kinds of experts, each with a router, stored hidden size first")
  func ernie() throws {
    var toy = ToyCheckpoint(config: [
      "model_type": "ernie4_5_moe_vl", "hidden_size": 8, "num_hidden_layers": 2,
      "moe_num_experts": [3, 2], "moe_intermediate_size": [6, 4], "moe_num_shared_experts": 1,
      "moe_layer_start_index": [0, 1], "moe_layer_end_index": [1, 1], "moe_k": 2,
    ])
    for layer in 0...1 {
      let kinds = layer == 0 ? 3 : 5
      toy.addLayer(layer, experts: kinds, hidden: 8, width: 6, sharedWidth: 6)
      let start = "model.layers.\(layer).mlp."
      toy["\(start)gate.weight"] = ToyTensor("\(start)gate.weight", .f32, [8, 3], seed: 7)
    }
    for expert in 3...4 { toy.resize(expert, layer: 1, width: 4) }
    toy.tensors.append(
      ToyTensor(
        "model.layers.1.mlp.gate.weight_1", .f32, [8, 2], values: (0..<16).map { Double($0) }))
    let folder = try toy.written()
    let text = try Checkpoint(path: folder.path)
    #expect(text.problems == [])
    #expect(text.remarks.map(\.description) == [])
    #expect(text.layers.map(\.expertNumbers) == [[0, 1, 2], [0, 1, 2]])
    #expect(try text.layers[1].router.get().shape == [3, 8])
    #expect(text.unmeasured().map(\.experts) == [[3, 4]])

    let vision = try Checkpoint(path: folder.path, expertWidth: 4)
    #expect(vision.layers.map(\.index) == [1])
    #expect(vision.layers[0].expertNumbers == [3, 4])
    #expect(vision.layers[0].firstRouterRow == 3)
    let router = try vision.layers[0].router.get()
    #expect(router.name == "model.layers.1.mlp.gate.weight_1")
    var reader = WeightReader()
    try reader.read(router)
    #expect(
      reader.matrix.elements == (0..<2).flatMap { row in (0..<8).map { Float($0 * 2 + row) } })
  }

  // MARK: Without a gate

  @Test("experts without a gate projection have the other two, and that is told")
  func ungated() throws {
    var toy = layers(of: [3, 3])
    toy.tensors.removeAll { $0.name.contains("gate_proj") }
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(checkpoint.projections == [.up, .down])
    #expect(checkpoint.layers[0].experts[.gate] == nil)
    #expect(checkpoint.layers[0].experts[.up]?.count == 3)
    #expect(
      checkpoint.remarks.map(\.description) == [
        "experts have no gate projection: up and down alone are measured"
      ])
  }

  @Test("a gate that one layer lacks is missing")
  func lostGate() throws {
    var toy = layers(of: [3, 3])
    toy.tensors.removeAll { $0.name.hasPrefix("model.layers.1.") && $0.name.contains("gate_proj") }
    let folder = try toy.written()
    #expect(try Checkpoint(path: folder.path).problems.count == 3)
  }

  @Test(
    "Nemotron-H's experts have no gate, and its layers are told by letters or by a list",
    arguments: [
      ["hybrid_override_pattern": "ME*E"],
      ["layers_block_type": ["mamba", "moe", "attention", "moe"]],
    ] as [[String: JSONText]])
  func nemotron(keys: [String: JSONText]) throws {
    let config: [String: JSONText] = [
      "model_type": "nemotron_h", "hidden_size": 8, "num_hidden_layers": 4, "n_routed_experts": 3,
      "moe_intermediate_size": 6, "moe_shared_expert_intermediate_size": 12,
      "num_experts_per_tok": 2,
    ]
    var toy = ToyCheckpoint(config: config.merging(keys) { $1 })
    var names = ToyLayerNames()
    (names.prefix, names.block) = ("backbone.", "mixer")
    for layer in [1, 3] {
      toy.addLayer(layer, names: names, experts: 3, hidden: 8, width: 6, sharedWidth: 12)
    }
    toy.tensors.removeAll { $0.name.contains("gate_proj") }
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(checkpoint.layers.map(\.index) == [1, 3])
    #expect(checkpoint.unmeasured() == [])
    let layer = checkpoint.layers[0]
    #expect(try layer.shared[.up]?.get().shape == [12, 8])
    #expect(layer.shared[.gate] == nil)
    #expect(
      checkpoint.use(of: "backbone.layers.1.mixer.experts.2.up_proj.weight")
        == TensorUse(role: .expertUp, layer: 1, expert: 2))
  }
}

extension ToyCheckpoint {
  /// Gives an expert another width.
  mutating func resize(_ expert: Int, layer: Int, width: Int) {
    for projection in Projection.allCases {
      let name = "model.layers.\(layer).mlp.experts.\(expert).\(projection.rawValue).weight"
      self[name] = ToyTensor(
        name, .bf16, projection == .down ? [Self.hidden, width] : [width, Self.hidden],
        seed: UInt64(expert))
    }
  }
}
