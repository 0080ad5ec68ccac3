import Checkpoints
import Foundation
import HDF5Files
import TestSupport
import Tensors
import Testing

/// Checks which experts a rule chooses.
@Suite struct RoutingRuleTests {
  // MARK: Golden

  /// Choices made by `Generators/routing.py`.
  struct Golden: Decodable {
    struct Bias: Decodable {
      let tensor: String
      let type: String
      let shape: [Int]
      let values: [Double]
    }

    struct Case: Decodable, CustomTestStringConvertible {
      let name: String
      let experts: Int
      let perToken: Int
      let differentFromLogits: Int
      let config: [String: String]
      let bias: Bias?
      let chosen: [[Int]]

      var testDescription: String { name }
    }

    let source: String
    let logits: [String: [[Float]]]
    let cases: [Case]
  }

  static let choices = Result { try Fixture.decode(Golden.self, from: "routing/choices.json") }

  @Test("choose what the routers of transformers do", arguments: try choices.get().cases)
  func choice(expected: Golden.Case) throws {
    let golden = try Self.choices.get()
    let rows = try #require(golden.logits["\(expected.experts)"])
    var toy = ToyCheckpoint(config: expected.config.mapValues { JSONText(verbatim: $0) })
    toy.tensors.append(ToyTensor("model.norm.weight", .bf16, [8], seed: 1))
    if let bias = expected.bias {
      let type = try #require(ElementType(rawValue: bias.type))
      toy.tensors.append(ToyTensor(bias.tensor, type, bias.shape, values: bias.values))
    }
    let rule = try toy.routingRule()
    #expect(rule.expertCount == expected.experts)
    #expect(rule.expertsPerToken == expected.perToken)
    #expect(expected.chosen.count == rows.count)
    // All tokens in one array, as a capture has them: a slice need not start at 0.
    let logits = rows.flatMap { $0 }
    var chosen = [7, 7, 7]
    var different = 0
    for (token, choice) in expected.chosen.enumerated() {
      let slice = logits[token * expected.experts..<(token + 1) * expected.experts]
      rule.choose(from: slice, into: &chosen)
      #expect(chosen == choice, "token \(token); \(golden.source)")
      #expect(rule.choose(from: slice) == choice)
      let largest = slice.indices.sorted { slice[$0] > slice[$1] }.prefix(expected.perToken)
      if Set(largest.map { $0 - slice.startIndex }) != Set(choice) { different += 1 }
    }
    // The case is none that any rule would pass.
    #expect(different == expected.differentFromLogits)
  }

  @Test("load each expert as transformers did", arguments: ["qwen2-moe-tiny", "deepseek-v2-tiny"])
  func load(model: String) throws {
    let checkpoint = try Checkpoint(path: Fixture.url(model).path)
    let captures = try HDF5File(
      path: Fixture.url("\(model)/captures/activations.h5").path)
    let table = try String(
      contentsOf: Fixture.url("\(model)/reference/routing.csv"), encoding: .utf8)
    let rows = table.split(whereSeparator: \.isNewline)
    #expect(rows.first == "layer,expert,load,tokens")
    var found: [String] = []
    for layer in checkpoint.layers.map(\.index) {
      let rule = try checkpoint.routingRule(ofLayer: layer)
      let name = "layers.\(layer).router_logits"
      let tensor = try #require(captures.tensors.first { $0.name == name })
      let experts = rule.expertCount
      #expect(tensor.shape == [1024, experts])
      var logits = [Float](repeating: 0, count: 1024 * experts)
      var reader = RowReader()
      try reader.read(rows: 0..<1024, of: tensor, in: captures, into: &logits)
      var tokens = [Int](repeating: 0, count: experts)
      var chosen: [Int] = []
      for start in stride(from: 0, to: logits.count, by: experts) {
        rule.choose(from: logits[start..<start + experts], into: &chosen)
        for expert in chosen { tokens[expert] += 1 }
      }
      found += tokens.enumerated().map { "\(layer),\($0.offset),\($0.element)" }
    }
    let expected = rows.dropFirst().map { row in
      let columns = row.split(separator: ",")
      return "\(columns[0]),\(columns[1]),\(columns[3])"
    }
    #expect(found == expected)
  }

  // MARK: Ties and odd values

  /// 8 experts, 3 of them chosen.
  static func rule(_ type: String, _ keys: [String: JSONText] = [:]) throws -> RoutingRule {
    var toy = ToyCheckpoint.of(
      type, keys: ["num_experts_per_tok": 3, "first_k_dense_replace": 0].merging(keys) { $1 },
      layerCount: 1)
    for key in ["num_experts", "n_routed_experts", "num_local_experts"]
    where toy.config[key] != nil {
      toy.config[key] = 8
    }
    toy.tensors.append(
      ToyTensor(
        "model.layers.0.mlp.gate.e_score_correction_bias", .f32, [8],
        values: [Double](repeating: 0, count: 8)))
    if type != "deepseek_v3" { toy.tensors[0] = toy.tensors[0].named("model.norm.weight") }
    return try toy.routingRule()
  }

  static let rules: [(String, [String: JSONText])] = [
    ("olmoe", [:]), ("deepseek_v3", [:]),
    ("deepseek_v3", ["n_group": 2, "topk_group": 1]),
    ("deepseek_v3", ["n_group": 4, "topk_group": 2]),
    (
      "deepseek_v2", ["n_group": 4, "topk_group": 2, "topk_method": "group_limited_greedy"]
    ),
  ]

  @Test("ties go to the lower index", arguments: rules)
  func ties(type: String, keys: [String: JSONText]) throws {
    let rule = try Self.rule(type, keys)
    #expect(rule.choose(from: [1, 1, 1, 1, 1, 1, 1, 1]) == [0, 1, 2])
    // Both groups of four, and all of two, are of equal worth: only the lower ones are looked at.
    let expected = keys.isEmpty ? [1, 3, 5] : [0, 1, 3]
    #expect(rule.choose(from: [0, 2, 0, 2, 0, 2, 0, 2]) == expected)
  }

  @Test("ties between the chosen and the others, too")
  func tiesAtTheEdge() throws {
    let rule = try Self.rule("olmoe")
    #expect(rule.choose(from: [0, 1, 3, 1, 2, 1, 0, 1]) == [1, 2, 4])
    #expect(rule.choose(from: [1, 0, 1, 1, 0, 0, 0, 2]) == [0, 2, 7])
  }

  @Test("logits that saturate every score are still told apart")
  func saturation() throws {
    for (type, keys) in Self.rules {
      let rule = try Self.rule(type, keys)
      #expect(rule.choose(from: [20, 21, 22, 23, -90, -80, -90, -80]) == [1, 2, 3])
    }
  }

  @Test("an expert that the router bars is never chosen, whatever its bias", arguments: rules)
  func barred(type: String, keys: [String: JSONText]) throws {
    let rule = try Self.rule(type, keys)
    // The best of their groups are barred: others go up, as if those had the probability 0.
    let barred = -Float.infinity
    #expect(rule.choose(from: [barred, 5, 4, 3, barred, -9, -9, -9]) == [1, 2, 3])
    // Fewer are left than a token is given.
    #expect(
      rule.choose(from: [barred, 2, barred, barred, barred, barred, barred, barred]) == [1])
    #expect(rule.choose(from: [Float](repeating: barred, count: 8)[...]) == [])
    let weights = rule.weights(of: [0, 1], from: [barred, 5, 4, 3, barred, -9, -9, -9])
    #expect(weights[0] == 0 && weights[1].isFinite && weights[1] > 0)
  }

  @Test("a bias does not bring back an expert that the router bars")
  func barredWithBias() throws {
    var toy = ToyCheckpoint.of(
      "deepseek_v3",
      keys: [
        "num_experts_per_tok": 2, "first_k_dense_replace": 0, "n_routed_experts": 8, "n_group": 1,
        "topk_group": 1,
      ], layerCount: 1)
    toy.tensors.append(
      ToyTensor(
        "model.layers.0.mlp.gate.e_score_correction_bias", .f32, [8],
        values: [9, 0, 0, 0, 0, 0, 0, 8]))
    let rule = try toy.routingRule()
    #expect(rule.choose(from: [1, 1, 1, 1, 1, 1, 2, 1]) == [0, 7])
    #expect(rule.choose(from: [-.infinity, 1, 1, 1, 1, 1, 2, 1]) == [6, 7])
  }

  @Test("any logits give different experts, even if they are no numbers", arguments: rules)
  func nonFinite(type: String, keys: [String: JSONText]) throws {
    let rule = try Self.rule(type, keys)
    let odd: [Float] = [.nan, .infinity, -.infinity, 0]
    for seed in 0..<200 {
      let logits = (0..<8).map { odd[(seed >> ($0 % 4) + $0 * seed) % 4] }
      let chosen = rule.choose(from: logits[...])
      #expect(chosen.count <= 3 && chosen == Set(chosen).sorted())
      #expect(chosen.allSatisfy { (0..<8).contains($0) && logits[$0] != -.infinity })
    }
  }

  @Test("all experts, when a token goes to all")
  func all() throws {
    let rule = try Self.rule("olmoe", ["num_experts_per_tok": 8])
    #expect(rule.choose(from: [3, 1, 2, 5, 4, 0, 7, 6]) == Array(0..<8))
  }

  @Test("logits of another number of experts trap")
  func wrongCount() async {
    await #expect(processExitsWith: .failure) {
      // An error here must not look like the trap.
      guard let rule = try? Self.rule("olmoe") else { return }
      _ = rule.choose(from: [1, 2, 3])
    }
  }
}
