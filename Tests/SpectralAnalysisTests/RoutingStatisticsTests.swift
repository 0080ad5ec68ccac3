import Checkpoints
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks load and co-activation of choices that are made by hand.
@Suite struct RoutingStatisticsTests {
  static let options = AnalysisOptions(analyses: [.routing])

  /// Four experts of hidden size 8.
  static func toy(expertsPerToken: Int) -> ToyCheckpoint {
    var toy = ToyCheckpoint.gaussian(experts: 4, hidden: 8, width: 6, seed: 101)
    toy.config["num_experts_per_tok"] = JSONText(integerLiteral: expertsPerToken)
    return toy
  }

  /// A capture whose logits choose these experts, each token's own.
  static func capture(choosing choices: [[Int]]) -> ToyCapture {
    let logits = choices.enumerated().map { t, chosen in
      (0..<4).map { expert -> Double in
        let noise = Double((t * 7 + expert * 3) % 5) / 10
        return chosen.contains(expert) ? 2 + noise : -noise
      }
    }
    return ToyCapture(.gaussian(choices.count, 8, seed: 102), logits: Matrix(rows: logits))
  }

  @Test("Loads, entropy and co-activation of ten tokens, counted by hand")
  func byHand() async throws {
    let choices = [
      [0, 1], [0, 1], [0, 1], [0, 2], [0, 2], [0, 3], [1, 2], [1, 2], [0, 1], [2, 0],
    ]
    let run = try await ToyRun(
      of: Self.toy(expertsPerToken: 2), options: Self.options,
      capture: Self.capture(choosing: choices))
    let routing = try run.table(.routing)
    #expect(routing.texts("expert") == ["0", "1", "2", "3"])
    #expect(routing.integers("tokens") == [8, 6, 5, 1])
    #expect(routing.numbers("load") == [0.4, 0.3, 0.25, 0.05])
    #expect(routing.numbers("uniform_load") == [0.25, 0.25, 0.25, 0.25])

    let summary = try run.table(.routingSummary)
    #expect(summary.integers("tokens") == [10])
    #expect(summary.integers("experts_per_token") == [2])
    #expect(summary.numbers("least_load") == [0.05])
    #expect(summary.numbers("most_load") == [0.4])
    let entropy = [0.4, 0.3, 0.25, 0.05].reduce(0) { $0 - $1 * log($1) } / log(4)
    #expect(abs(summary.numbers("load_entropy")[0] - entropy) <= 1e-12)

    let together = try run.table(.coactivation)
    let pairs = zip(together.texts("expert_a"), together.texts("expert_b")).map { "\($0)\($1)" }
    #expect(pairs == ["01", "02", "03", "12", "13", "23"])
    #expect(together.numbers("share") == [0.4, 0.3, 0.1, 0.2, 0, 0])
    // 2 * 1 of 4 * 3.
    #expect(together.numbers("floor_share").allSatisfy { abs($0 - 1 / 6.0) <= 1e-15 })
  }

  @Test("Even use has entropy 1, a single expert 0, over many blocks of tokens")
  func extremes() async throws {
    // More than one block of 16,384 tokens, on any number of workers.
    let even = Self.capture(choosing: (0..<40_000).map { [$0 % 4] })
    for width in [1, 3] {
      let run = try await ToyRun(
        of: Self.toy(expertsPerToken: 1), options: Self.options, capture: even, width: width)
      #expect(try run.table(.routing).integers("tokens") == [10_000, 10_000, 10_000, 10_000])
      #expect(try abs(run.table(.routingSummary).numbers("load_entropy")[0] - 1) <= 1e-12)
      #expect(try run.table(.coactivation).numbers("share").allSatisfy { $0 == 0 })
      #expect(try run.table(.coactivation).numbers("floor_share").allSatisfy { $0 == 0 })
    }
    let single = try await ToyRun(
      of: Self.toy(expertsPerToken: 1), options: Self.options,
      capture: Self.capture(choosing: [[Int]](repeating: [2], count: 20)))
    #expect(try single.table(.routing).numbers("load") == [0, 0, 1, 0])
    #expect(try single.table(.routingSummary).numbers("load_entropy") == [0])
    #expect(try single.table(.routingSummary).numbers("least_load") == [0])
    #expect(try single.table(.routingSummary).numbers("most_load") == [1])
  }

  @Test("All experts for every token: every pair always together, as chance has it")
  func allExperts() async throws {
    let run = try await ToyRun(
      of: Self.toy(expertsPerToken: 4), options: Self.options,
      capture: Self.capture(choosing: [[Int]](repeating: [], count: 12)))
    #expect(try run.table(.routing).numbers("load") == [0.25, 0.25, 0.25, 0.25])
    #expect(try run.table(.coactivation).numbers("share").allSatisfy { $0 == 1 })
    #expect(try run.table(.coactivation).numbers("floor_share").allSatisfy { $0 == 1 })
  }

  @Test("Equal logits go to the lower index")
  func ties() async throws {
    let capture = ToyCapture(
      .gaussian(9, 8, seed: 103),
      logits: Matrix(rows: [[Double]](repeating: [1, 2, 2, 2], count: 9)))
    let run = try await ToyRun(
      of: Self.toy(expertsPerToken: 2), options: Self.options, capture: capture)
    #expect(try run.table(.routing).integers("tokens") == [0, 9, 9, 0])
  }
}
