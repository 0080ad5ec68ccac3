import Checkpoints
import Foundation
import TestSupport
import Tensors
import Testing

/// Checks what a checkpoint says of its routers' choice, and when it refuses to say.
@Suite struct CheckpointRoutingTests {
  static let bias = "model.layers.0.mlp.gate.e_score_correction_bias"

  /// A layer of 8 experts, of which a token goes to 4, with the tensors that are given.
  static func toy(
    _ type: String = "deepseek_v3", _ keys: [String: JSONText] = [:], bias: ToyTensor? = nil
  ) -> ToyCheckpoint {
    let basic: [String: JSONText] = [
      "num_experts": 8, "n_routed_experts": 8, "num_local_experts": 8, "moe_num_experts": 8,
      "num_experts_per_tok": 4, "first_k_dense_replace": 0, "num_dense_layers": 0,
    ]
    var toy = ToyCheckpoint.of(type, keys: basic.merging(keys) { $1 }, layerCount: 1)
    toy.tensors = [ToyTensor("model.norm.weight", .bf16, [8], seed: 1)] + (bias.map { [$0] } ?? [])
    return toy
  }

  static func zeros(_ name: String = bias, _ type: ElementType = .f32, _ shape: [Int] = [8])
    -> ToyTensor
  {
    ToyTensor(name, type, shape, values: [Double](repeating: 0, count: shape.reduce(1, *)))
  }

  private func expectRefusal(
    of toy: ToyCheckpoint, _ error: (TemporaryFolder) -> CheckpointError,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(throws: error(folder), sourceLocation: sourceLocation) {
      try checkpoint.routingRule(ofLayer: 0)
    }
  }

  // MARK: Caps

  @Test("capped logits are what scores are made of, for choosing and for weights")
  func cap() throws {
    let logits: [Float] = [8, 4, 0, -1, -2, -3, -4, -5]
    let bias = ToyTensor(Self.bias, .f32, [8], values: [0, 0.01, 0, 0, 0, 0, 0, 0])
    for (cap, first) in [(1.0, 1), (0, 0)] {
      let keys: [String: JSONText] = [
        "num_experts_per_tok": 1, "moe_router_logit_softcapping": JSONText(verbatim: "\(cap)"),
      ]
      let rule = try Self.toy("laguna", keys, bias: bias).routingRule()
      // The sigmoids of 8 and 4 differ by 0.02, those of their hyperbolic tangents by 0.0002.
      #expect(rule.choose(from: logits[...]) == [first])
      let weights = rule.weights(of: [0, 3], from: logits[...])
      let scores = [8.0, -1].map { (logit: Double) -> Double in
        1 / (1 + exp(-(cap > 0 ? tanh(logit) : logit)))
      }
      for (weight, score) in zip(weights, scores) {
        // A capped logit is rounded to single precision, which moves a score by less than that.
        #expect(abs(weight - score / (scores[0] + scores[1])) < Double(Float.ulpOfOne))
      }
    }
  }

  // MARK: Families

  @Test(
    "every checkpoint of a family has a rule for each layer, be its experts readable or not",
    arguments: [
      "bailing_hybrid/hub", "deepseek_v1/hdf5-dotted", "deepseek_v1/hdf5-nested",
      "deepseek_v1/hub", "deepseek_v2/hub", "deepseek_v3/hub", "deepseek_v3_ct_int4/hub",
      "deepseek_v3_fp8/hub", "gpt_oss/hub", "gpt_oss_mxfp4/hub", "granitemoe/hub",
      "kimi_linear/hub", "llama4_text/hub", "mixtral/hub", "olmoe/hub", "phimoe/hub",
      "qwen2_moe/fused", "qwen2_moe/hub", "qwen2_moe_mixed/hub", "qwen3_5_moe_cond/hub",
      "qwen3_5_moe_text/hub", "qwen3_moe/hub", "qwen3_next/hub",
    ])
  func families(folder: String) throws {
    let checkpoint = try Checkpoint(path: Fixture.url("families/\(folder)").path)
    let experts = folder.hasPrefix("deepseek_v1") ? 6 : 4
    for layer in checkpoint.layers {
      let rule = try checkpoint.routingRule(ofLayer: layer.index)
      #expect(rule.expertCount == experts)
      #expect(rule.expertsPerToken == (folder.hasPrefix("llama4") ? 1 : 2))
      // The least and the largest logit are beyond any bias of these files.
      let logits = (0..<experts).map { Float($0 == experts - 1 ? 9 : -9) }
      #expect(rule.choose(from: logits[...]).contains(experts - 1))
    }
  }

  @Test("a layer of deepseek_v4 that chooses by tokens is refused, the next one is not")
  func tokenTable() throws {
    let folder = Fixture.url("families/deepseek_v4/hub").path
    let checkpoint = try Checkpoint(path: folder)
    #expect(
      throws: CheckpointError.unknownRouting(
        path: folder, layer: 0,
        reason: "chooses them by a table of tokens, 'model.layers.0.ffn.gate.tid2eid'")
    ) { try checkpoint.routingRule(ofLayer: 0) }
    #expect(try checkpoint.routingRule(ofLayer: 1).expertsPerToken == 2)
  }

  @Test("a layer without experts, or none at all")
  func noSuchLayer() throws {
    let folder = Fixture.url("families/deepseek_v3/hub").path
    let checkpoint = try Checkpoint(path: folder)
    for layer in [-1, 0, 2] {
      #expect(
        throws: CheckpointError.noSuchLayer(
          path: folder, layer: layer, layerCount: 2, moeLayers: [1])
      ) { try checkpoint.routingRule(ofLayer: layer) }
    }
  }

  // MARK: The bias

  @Test("a bias of any type that is read, as a list or as a matrix of one row")
  func biasForms() throws {
    let plain = try Self.toy(bias: Self.zeros()).routingRule()
    for type in [ElementType.f32, .bf16, .f16, .f64] {
      for shape in [[8], [1, 8]] {
        #expect(try Self.toy(bias: Self.zeros(Self.bias, type, shape)).routingRule() == plain)
      }
    }
  }

  @Test("the bias stands in the block of the layer's experts")
  func biasOfStackedExperts() throws {
    let name = "model.layers.0.mlp.gate.e_score_correction_bias"
    var toy = Self.toy("kimi_linear", bias: ToyTensor(name, .f32, [8], seed: 3))
    toy.tensors.append(
      ToyTensor("model.layers.0.mlp.experts.gate_up_proj", .bf16, [8, 12, 8], seed: 4))
    let values = exactRandomValues(count: 8, seed: 3)
    let largest = (0..<8).sorted { values[$0] > values[$1] }.prefix(4).sorted()
    #expect(try toy.routingRule().choose(from: [0, 0, 0, 0, 0, 0, 0, 0]) == largest)
  }

  @Test("a bias that is missing, misshapen, packed or not finite")
  func badBias() throws {
    try expectRefusal(of: Self.toy()) { .missingTensor(path: $0.path, tensor: Self.bias) }
    for shape in [[7], [2, 4], [8, 1], []] {
      try expectRefusal(of: Self.toy(bias: ToyTensor(Self.bias, .f32, shape, seed: 1))) {
        .wrongShape(
          path: $0.path("model.safetensors"), tensor: Self.bias, shape: shape, expected: [8])
      }
    }
    try expectRefusal(of: Self.toy(bias: ToyTensor(Self.bias, .i32, [8], seed: 1))) {
      .unsupported(
        path: $0.path("model.safetensors"), tensor: Self.bias, elementType: "I32",
        reason: "stands where numbers should")
    }
    let values = [0, 1, 2, .infinity, 4, 5, 6, 7]
    try expectRefusal(of: Self.toy(bias: ToyTensor(Self.bias, .f32, [8], values: values))) {
      .unknownRouting(
        path: $0.path, layer: 0,
        reason: "adds '\(Self.bias)', which holds values that are not finite")
    }
  }

  @Test("a bias of which family or config know nothing is not passed over")
  func strayBias() throws {
    // MiniMax-M2 with the model_type of its forerunner.
    let minimax = "model.layers.0.block_sparse_moe.e_score_correction_bias"
    let bailing = "model.layers.0.mlp.gate.expert_bias"
    let lfm2 = "model.layers.0.feed_forward.expert_bias"
    let cases: [(String, String, [String: JSONText])] = [
      ("minimax", minimax, [:]), ("bailing_moe", bailing, [:]),
      ("lfm2_moe", lfm2, ["use_expert_bias": false]),
    ]
    for (type, name, keys) in cases {
      try expectRefusal(of: Self.toy(type, keys, bias: Self.zeros(name))) {
        .unknownRouting(
          path: $0.path, layer: 0, reason: "has '\(name)', of which the config does not speak")
      }
    }
    _ = try Self.toy(
      "bailing_moe", ["moe_router_enable_expert_bias": true], bias: Self.zeros(bailing)
    ).routingRule()
    _ = try Self.toy("lfm2_moe", bias: Self.zeros(lfm2)).routingRule()
  }

  // MARK: Groups

  @Test(
    "one group or none is no limit, nor are all that are kept",
    arguments: [
      ["n_group": 1, "topk_group": 1], ["n_group": 0, "topk_group": 0], ["n_group": nil],
      ["n_group": 4, "topk_group": 4], ["topk_group": 2],
    ] as [[String: JSONText]])
  func noLimit(keys: [String: JSONText]) throws {
    #expect(
      try Self.toy("deepseek_v3", keys, bias: Self.zeros()).routingRule()
        == Self.toy(bias: Self.zeros()).routingRule())
  }

  @Test(
    "deepseek_v2 has the limit with its method alone",
    arguments: [
      ["n_group": 4, "topk_group": 2], ["n_group": 4, "topk_group": 2, "topk_method": "greedy"],
      ["n_group": 3, "topk_group": 7, "topk_method": nil],
      ["topk_method": "group_limited_greedy"],
    ] as [[String: JSONText]])
  func method(keys: [String: JSONText]) throws {
    let plain = try Self.toy("deepseek_v2").routingRule()
    #expect(try Self.toy("deepseek_v2", keys).routingRule() == plain)
    let limited: [String: JSONText] = [
      "n_group": 4, "topk_group": 2, "topk_method": "group_limited_greedy",
    ]
    #expect(try Self.toy("deepseek_v2", limited).routingRule() != plain)
  }

  // MARK: config.json

  struct Bad: Sendable, CustomTestStringConvertible {
    let type: String
    let keys: [String: JSONText]
    let key: String?
    let reason: String

    var testDescription: String { "\(type): \(key ?? "") \(reason)" }

    init(_ type: String, _ keys: [String: JSONText], _ key: String?, _ reason: String) {
      (self.type, self.keys, self.key, self.reason) = (type, keys, key, reason)
    }
  }

  static let bad = [
    Bad("olmoe", ["num_experts_per_tok": nil], "num_experts_per_tok", "is missing"),
    Bad("olmoe", ["num_experts_per_tok": 0], "num_experts_per_tok", "is 0, but must be positive"),
    Bad(
      "olmoe", ["num_experts_per_tok": 9], "num_experts_per_tok",
      "is 9, but layer 0 has 8 experts"),
    Bad("olmoe", ["num_experts_per_tok": "2"], "num_experts_per_tok", "is not a whole number"),
    Bad("hunyuan", ["moe_topk": []], "moe_topk", "has no number from 1 to 8 for layer 0"),
    Bad("hunyuan", ["moe_topk": [9, 1]], "moe_topk", "has no number from 1 to 8 for layer 0"),
    Bad("hunyuan", ["moe_topk": ["2"]], "moe_topk", "has no number from 1 to 8 for layer 0"),
    Bad(
      "phimoe", ["num_experts_per_tok": 3], "num_experts_per_tok",
      "is 3, but the routers of this family choose 2"),
    Bad(
      "deepseek_v3", ["scoring_func": "cosine"], "scoring_func", "is 'cosine', which is not known"),
    Bad("deepseek_v3", ["scoring_func": 1], "scoring_func", "is not a word"),
    Bad("deepseek_v3", ["scoring_func": "a\\u001b"], "scoring_func", "holds control characters"),
    Bad("lfm2_moe", ["use_expert_bias": 1], "use_expert_bias", "is neither true nor false"),
    Bad(
      "deepseek_v2", ["topk_method": "noaux_tc", "n_group": 2, "topk_group": 1], "topk_method",
      "is 'noaux_tc', which is not known"),
    Bad(
      "deepseek_v3", ["n_group": 3, "topk_group": 2], "n_group",
      "is 3, into which 8 experts cannot be divided"),
    Bad(
      "deepseek_v3", ["n_group": -2, "topk_group": 2], "n_group",
      "is -2, into which 8 experts cannot be divided"),
    Bad(
      "deepseek_v3", ["n_group": 16, "topk_group": 2], "n_group",
      "is 16, into which 8 experts cannot be divided"),
    // The two largest of a group of one.
    Bad(
      "deepseek_v3", ["n_group": 8, "topk_group": 6], "n_group",
      "is 8, into which 8 experts cannot be divided"),
    Bad("deepseek_v3", ["n_group": 4], "topk_group", "is missing"),
    Bad("deepseek_v3", ["n_group": 4, "topk_group": 5], "topk_group", "is 5, beyond reason"),
    Bad(
      "deepseek_v3", ["n_group": 4, "topk_group": 1], nil,
      "limits the choice to 1 of 4 groups of experts, fewer than the 4 experts of a token"),
  ]

  @Test("a key that is missing or senseless", arguments: bad)
  func badConfig(bad: Bad) throws {
    let bias = bad.type == "deepseek_v3" ? Self.zeros() : nil
    try expectRefusal(of: Self.toy(bad.type, bad.keys, bias: bias)) {
      .badConfig(path: $0.path("config.json"), key: bad.key, reason: bad.reason)
    }
  }

  @Test("a list of all layers gives each its number")
  func perLayer() throws {
    var toy = Self.toy("hunyuan", ["moe_topk": [1, 4, 8], "num_hidden_layers": 3])
    toy.tensors.append(ToyTensor("model.layers.0.mlp.gate.wg.weight", .f32, [8, 8], seed: 1))
    #expect(
      try (0...2).map { try toy.routingRule(ofLayer: $0).expertsPerToken } == [1, 4, 8])
  }
}
