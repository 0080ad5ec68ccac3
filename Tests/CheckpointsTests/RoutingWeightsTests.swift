import Checkpoints
import TestSupport
import Tensors
import Testing

/// Checks how much each chosen expert counts.
@Suite struct RoutingWeightsTests {
  // MARK: Golden

  /// Weights made by `Generators/routing_weights.py`.
  struct Golden: Decodable {
    struct Bias: Decodable {
      let tensor: String
      let shape: [Int]
      let values: [Double]
    }

    struct Case: Decodable, CustomTestStringConvertible {
      let name: String
      let config: [String: String]
      let bias: Bias?
      let chosen: [[Int]]
      let weights: [[Double]]
      let transformers: [[Double]]?

      var testDescription: String { name }

      func rule() throws -> RoutingRule {
        var toy = ToyCheckpoint(config: config.mapValues { JSONText(verbatim: $0) })
        toy.tensors.append(ToyTensor("model.norm.weight", .bf16, [8], seed: 1))
        if let bias {
          toy.tensors.append(ToyTensor(bias.tensor, .f32, bias.shape, values: bias.values))
        }
        return try toy.routingRule()
      }
    }

    let source: String
    let logits: [[Float]]
    let cases: [Case]
  }

  static let golden = Result { try Fixture.decode(Golden.self, from: "routing/weights.json") }

  /// What rounding may do to a weight, as a share of it: the sums have 16 terms at most, and the
  /// exponential, the division, the root and the product round a few times more, on both sides.
  static func tolerance(ulp: Double) -> Double { 2 * (16 + 8) * ulp }

  @Test(
    "are those of another implementation and of transformers", arguments: try golden.get().cases)
  func weights(expected: Golden.Case) throws {
    let golden = try Self.golden.get()
    let rule = try expected.rule()
    #expect(rule.tellsWeights)
    #expect(expected.weights.count == golden.logits.count)
    // All tokens in one array, as a capture has them: a slice need not start at 0.
    let logits = golden.logits.flatMap { $0 }
    for (token, weights) in expected.weights.enumerated() {
      let slice = logits[token * 16..<(token + 1) * 16]
      let chosen = rule.choose(from: slice)
      #expect(chosen == expected.chosen[token])
      let found = rule.weights(of: chosen, from: slice)
      #expect(found.count == weights.count)
      expectClose(
        zip(found, weights).map { $0 / $1 }, weights.map { _ in 1 },
        within: Self.tolerance(ulp: Double.ulpOfOne), "token \(token); \(golden.source)")
      // In float32, where the small ones are lost beside the large ones.
      guard let theirs = expected.transformers?[token] else { continue }
      expectClose(
        found, theirs,
        within: Self.tolerance(ulp: Double(Float.ulpOfOne)) * (theirs.max() ?? 0), "token \(token)")
    }
  }

  @Test("stand in the order of the experts that are given", arguments: try golden.get().cases)
  func order(expected: Golden.Case) throws {
    let rule = try expected.rule()
    for (logits, chosen) in zip(try Self.golden.get().logits, expected.chosen) {
      let weights = rule.weights(of: chosen, from: logits[...])
      // A sum may round otherwise in another order.
      expectClose(
        rule.weights(of: chosen.reversed(), from: logits[...]).reversed(), weights,
        within: Self.tolerance(ulp: Double.ulpOfOne) * (weights.max() ?? 0))
    }
  }

  // MARK: Properties

  @Test(
    "sum to 1 where scores are normalised, whatever the experts",
    arguments: [[0, 1], [5], [2, 7, 4]])
  func sum(chosen: [Int]) throws {
    let rule = try RoutingRuleTests.rule("mixtral")
    let weights = rule.weights(of: chosen, from: [0, 1, -2, 3, 40, -1, 5, 2])
    expectClose([weights.reduce(0, +)], [1], within: Self.tolerance(ulp: Double.ulpOfOne))
  }

  @Test("are equal where logits are")
  func equal() throws {
    let rule = try RoutingRuleTests.rule("mixtral")
    #expect(rule.weights(of: [1, 2], from: [-9, 0, 0, -9, -9, -9, -9, -9]) == [0.5, 0.5])
  }

  @Test("do not see the bias that experts are chosen by")
  func bias() throws {
    let name = CheckpointRoutingTests.bias
    let logits: [Float] = [0, 1, 2, 3, -3, -2, -1, 0]
    let biased = ToyTensor(name, .f32, [8], values: [9, 9, 0, 0, 0, 0, 9, 9])
    let rule = try CheckpointRoutingTests.toy(bias: biased).routingRule()
    let plain = try CheckpointRoutingTests.toy(bias: CheckpointRoutingTests.zeros()).routingRule()
    #expect(rule.choose(from: logits[...]) == [0, 1, 6, 7])
    #expect(plain.choose(from: logits[...]) == [0, 1, 2, 3])
    #expect(
      rule.weights(of: [1, 6], from: logits[...]) == plain.weights(of: [1, 6], from: logits[...]))
  }

  @Test("multiply outputs, but in Llama 4")
  func place() throws {
    #expect(try !RoutingRuleTests.rule("mixtral").weighsInputs)
    #expect(try RoutingRuleTests.rule("llama4_text").weighsInputs)
  }

  @Test("are not known where versions of one name differ")
  func unknown() throws {
    let rule = try CheckpointRoutingTests.toy("bailing_moe").routingRule()
    #expect(!rule.tellsWeights)
    #expect(rule.choose(from: [3, 1, 2, 5, 4, 0, 7, 6]) == [3, 4, 6, 7])
  }

  // MARK: Traps

  @Test("that are not known trap, and so do logits of another number of experts")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      // An error here must not look like the trap.
      guard let rule = try? CheckpointRoutingTests.toy("bailing_moe").routingRule() else { return }
      _ = rule.weights(of: [1], from: [0, 0, 0, 0, 0, 0, 0, 0])
    }
    await #expect(processExitsWith: .failure) {
      guard let rule = try? RoutingRuleTests.rule("mixtral") else { return }
      _ = rule.weights(of: [1], from: [0, 0, 0])
    }
  }
}
