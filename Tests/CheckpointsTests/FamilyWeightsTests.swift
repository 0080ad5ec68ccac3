import Checkpoints
import TestSupport
import Testing

/// Checks what config.json may say of the weights of experts.
@Suite struct FamilyWeightsTests {
  private static let logits: [Float] = [0, 1, 2, 3, -3, -2, -1, 0]

  private func weights(
    _ type: String, _ keys: [String: JSONText], bias: Bool = false
  ) throws -> [Double] {
    let zeros = bias ? CheckpointRoutingTests.zeros() : nil
    let rule = try CheckpointRoutingTests.toy(type, keys, bias: zeros).routingRule()
    return rule.weights(of: rule.choose(from: Self.logits[...]), from: Self.logits[...])
  }

  struct Senseless: CustomTestStringConvertible, Sendable {
    let type: String
    let key: String
    let value: JSONText
    let reason: String

    var testDescription: String { "\(key): \(value.text)" }

    init(_ type: String, _ key: String, _ value: JSONText, _ reason: String) {
      self.type = type
      self.key = key
      self.value = value
      self.reason = reason
    }
  }

  @Test(
    "A senseless key is refused by name",
    arguments: [
      Senseless("qwen2_moe", "norm_topk_prob", "yes", "is neither true nor false"),
      Senseless("deepseek_v3", "norm_topk_prob", 1, "is neither true nor false"),
      Senseless("kimi_linear", "moe_renormalize", "yes", "is neither true nor false"),
      Senseless("deepseek_v3", "routed_scaling_factor", 0, "is 0.0, which is senseless"),
      Senseless("deepseek_v2", "routed_scaling_factor", -1.5, "is -1.5, which is senseless"),
      Senseless("deepseek_v2", "routed_scaling_factor", "2.5", "is not a finite number"),
      Senseless(
        "deepseek_v2", "routed_scaling_factor", JSONText(verbatim: "Infinity"),
        "is Infinity, not a finite number"),
      Senseless("ernie4_5_moe", "moe_norm_min", -1e-12, "is -1e-12, which is senseless"),
    ])
  func senseless(key: Senseless) throws {
    var keys: [String: JSONText] = [key.key: key.value]
    if key.type == "ernie4_5_moe" { keys["moe_k"] = 4 }
    if key.type == "kimi_linear" { keys["num_experts_per_token"] = 4 }
    let names = [
      "kimi_linear": "model.layers.0.block_sparse_moe.gate.e_score_correction_bias",
      "ernie4_5_moe": "model.layers.0.mlp.moe_statics.e_score_correction_bias",
      "deepseek_v3": CheckpointRoutingTests.bias,
    ]
    let bias = names[key.type].map { CheckpointRoutingTests.zeros($0) }
    let folder = try CheckpointRoutingTests.toy(key.type, keys, bias: bias).written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(
      throws: CheckpointError.badConfig(
        path: folder.path("config.json"), key: key.key, reason: key.reason)
    ) { try checkpoint.routingRule(ofLayer: 0) }
  }

  @Test("A scale may be a whole number, and a key that another family has is passed over")
  func spelling() throws {
    #expect(
      try weights("deepseek_v2", ["routed_scaling_factor": 3])
        == weights("deepseek_v2", ["routed_scaling_factor": 3.0]))
    #expect(
      try weights("mixtral", ["norm_topk_prob": "yes", "routed_scaling_factor": 3])
        == weights("mixtral", [:]))
  }

  @Test("The first key of a family goes first")
  func order() throws {
    let name = "model.layers.0.block_sparse_moe.gate.e_score_correction_bias"
    func sum(_ keys: [String: JSONText]) throws -> Double {
      let basic: [String: JSONText] = ["num_experts_per_token": 4, "routed_scaling_factor": 1.0]
      let rule = try CheckpointRoutingTests.toy(
        "kimi_linear", basic.merging(keys) { $1 }, bias: CheckpointRoutingTests.zeros(name)
      ).routingRule()
      return rule.weights(of: [0, 1, 2, 3], from: Self.logits[...]).reduce(0, +)
    }
    // Sigmoids of 0, 1, 2 and 3 sum to more than 2.
    #expect(try sum(["moe_renormalize": false, "norm_topk_prob": true]) > 2)
    #expect(try sum(["norm_topk_prob": false]) > 2)
    #expect(try sum(["moe_renormalize": true, "norm_topk_prob": false]) < 1.001)
    #expect(try sum([:]) < 1.001)
  }
}
