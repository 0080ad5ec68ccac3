import Checkpoints
import TestSupport
import Testing

/// Checks which layers have experts, rule by rule; the layers expected were counted by hand.
@Suite struct MoELayerRuleTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let type: String
    let keys: [String: JSONText]
    let layerCount: Int
    let expected: [Int]

    init(_ type: String, _ keys: [String: JSONText], of layerCount: Int, expect layers: [Int]) {
      self.type = type
      self.keys = keys
      self.layerCount = layerCount
      expected = layers
    }

    var testDescription: String { "\(type) \(JSONText(keys).text) of \(layerCount)" }
  }

  static let cases = [
    // All.
    Case("mixtral", [:], of: 3, expect: [0, 1, 2]),
    // Sparse step: (L + 1) mod step = 0, but for the layers listed.
    Case("qwen2_moe", [:], of: 3, expect: [0, 1, 2]),
    Case("qwen2_moe", ["decoder_sparse_step": 2], of: 6, expect: [1, 3, 5]),
    Case(
      "qwen2_moe", ["decoder_sparse_step": 2, "mlp_only_layers": [3, 4]], of: 6, expect: [1, 5]),
    Case("qwen3_moe", ["decoder_sparse_step": 3, "mlp_only_layers": []], of: 7, expect: [2, 5]),
    Case("qwen3_moe", ["mlp_only_layers": nil], of: 2, expect: [0, 1]),
    // First dense: from the key on.
    Case("deepseek_v2", ["first_k_dense_replace": 1], of: 4, expect: [1, 2, 3]),
    Case("deepseek_v2", [:], of: 3, expect: [0, 1, 2]),
    Case("deepseek", [:], of: 2, expect: [0, 1]),
    Case("deepseek_v3", [:], of: 5, expect: [3, 4]),
    Case("deepseek_v3", ["first_k_dense_replace": nil], of: 5, expect: [3, 4]),
    Case("deepseek_v3", ["first_k_dense_replace": 0], of: 2, expect: [0, 1]),
    Case("glm4_moe", [:], of: 3, expect: [1, 2]),
    Case("lfm2_moe", [:], of: 4, expect: [2, 3]),
    Case("lfm2_moe", ["num_dense_layers": 1], of: 3, expect: [1, 2]),
    // First dense with a step: L mod step = 0.
    Case(
      "deepseek_v2", ["first_k_dense_replace": 1, "moe_layer_freq": 2], of: 6, expect: [2, 4]),
    // First dense with a list of zeros and ones.
    Case(
      "deepseek_v3", ["first_k_dense_replace": 0, "moe_layer_freq": [0, 1, 0, 1]], of: 4,
      expect: [1, 3]),
    Case(
      "deepseek_v3", ["first_k_dense_replace": 2, "moe_layer_freq": [1, 1, 1, 0]], of: 4,
      expect: [2]),
    Case(
      "deepseek_v3", ["first_k_dense_replace": 1, "moe_layer_freq": [1, 1, 1]], of: 3,
      expect: [1, 2]),
    // Layer types, and the first dense ones where there are none.
    Case(
      "bailing_hybrid", ["mlp_layer_types": ["dense", "sparse", "dense", "sparse"]], of: 4,
      expect: [1, 3]),
    Case("bailing_hybrid", [:], of: 4, expect: [2, 3]),
    Case("deepseek_v32", [:], of: 5, expect: [3, 4]),
    Case("kimi_linear", [:], of: 3, expect: [1, 2]),
    Case("glm4_moe_lite", ["mlp_layer_types": nil], of: 3, expect: [1, 2]),
    // Listed, and the end of each step where there is no list.
    Case("llama4_text", ["moe_layers": [3, 1]], of: 4, expect: [1, 3]),
    Case("llama4_text", ["interleave_moe_layer_step": 2], of: 5, expect: [1, 3]),
    Case(
      "llama4_text", ["moe_layers": nil, "interleave_moe_layer_step": 2], of: 4,
      expect: [1, 3]),
    Case("llama4_text", [:], of: 2, expect: [0, 1]),
    Case("llama4_text", ["moe_layers": "3, 1"], of: 4, expect: [1, 3]),
    // What transformers 5 writes goes before the keys of the family.
    Case(
      "llama4_text",
      ["moe_layers": [0], "mlp_layer_types": ["dense", "sparse", "dense", "sparse"]], of: 4,
      expect: [1, 3]),
    Case(
      "jamba", ["mlp_layer_types": ["sparse", "sparse", "dense"]], of: 3, expect: [0, 1]),
    // Period: L mod period = offset.
    Case("jamba", [:], of: 5, expect: [1, 3]),
    Case(
      "jamba", ["expert_layer_period": 4, "expert_layer_offset": 2], of: 11,
      expect: [2, 6, 10]),
    // Interval: first to last, those that end a step.
    Case(
      "ernie4_5_moe", ["moe_layer_start_index": 1, "moe_layer_end_index": -1], of: 4,
      expect: [1, 2, 3]),
    Case(
      "ernie4_5_moe",
      ["moe_layer_start_index": 2, "moe_layer_end_index": 5, "moe_layer_interval": 2], of: 8,
      expect: [3, 5]),
    Case("ernie4_5_moe", ["moe_layer_end_index": 1], of: 4, expect: [0, 1]),
    Case("ernie4_5_moe", [:], of: 2, expect: [0, 1]),
  ]

  @Test("finds the layers with experts", arguments: cases)
  func layers(expected: Case) throws {
    var toy = ToyCheckpoint.of(expected.type, keys: expected.keys, layerCount: expected.layerCount)
    for layer in expected.expected { toy.addLayer(of: expected.type, layer) }
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.layers.map(\.index) == expected.expected)
    #expect(checkpoint.problems == [])
  }

  @Test(
    "names the key that makes no sense",
    arguments: [
      Wrong(
        "qwen2_moe", ["decoder_sparse_step": 0], "decoder_sparse_step",
        "is 0, but must be positive"),
      Wrong(
        "qwen2_moe", ["decoder_sparse_step": "two"], "decoder_sparse_step",
        "is not a whole number"),
      Wrong(
        "qwen2_moe", ["mlp_only_layers": 3], "mlp_only_layers",
        "is not a list of whole numbers"),
      Wrong(
        "qwen2_moe", ["mlp_only_layers": [0.5]], "mlp_only_layers",
        "is not a list of whole numbers"),
      Wrong(
        "deepseek_v2", ["first_k_dense_replace": 0.5], "first_k_dense_replace",
        "is not a whole number"),
      Wrong(
        "deepseek_v2", ["moe_layer_freq": -1], "moe_layer_freq",
        "is -1, but must be positive"),
      Wrong("deepseek_v2", ["moe_layer_freq": ["a"]], "moe_layer_freq", "is not a whole number"),
      Wrong(
        "bailing_hybrid", ["mlp_layer_types": ["dense"]], "mlp_layer_types",
        "lists 1 layers of 4"),
      Wrong(
        "bailing_hybrid", ["mlp_layer_types": [1, 2, 3, 4]], "mlp_layer_types",
        "is not a list of words"),
      Wrong("llama4_text", ["moe_layers": "all"], "moe_layers", "is not a list of whole numbers"),
      Wrong(
        "jamba", ["expert_layer_period": 0], "expert_layer_period",
        "is 0, but must be positive"),
      Wrong(
        "ernie4_5_moe", ["moe_layer_end_index": []], "moe_layer_end_index",
        "is not a whole number"),
    ])
  func wrongKeys(wrong: Wrong) throws {
    let folder = try ToyCheckpoint.of(wrong.type, keys: wrong.keys, layerCount: 4).written()
    #expect(
      throws: CheckpointError.badConfig(
        path: folder.path("config.json"), key: wrong.key, reason: wrong.reason)
    ) {
      try Checkpoint(path: folder.path)
    }
  }

  struct Wrong: CustomTestStringConvertible, Sendable {
    let type: String
    let keys: [String: JSONText]
    let key: String
    let reason: String

    init(_ type: String, _ keys: [String: JSONText], _ key: String, _ reason: String) {
      self.type = type
      self.keys = keys
      self.key = key
      self.reason = reason
    }

    var testDescription: String { "\(type) \(JSONText(keys).text)" }
  }
}
