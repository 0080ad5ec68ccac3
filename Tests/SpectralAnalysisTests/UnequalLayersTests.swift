import Captures
import Checkpoints
import Experts
import Findings
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks runs of checkpoints whose layers or experts differ from each other.
@Suite struct UnequalLayersTests {
  /// Analyses with all directions, too.
  static let options = AnalysisOptions(analyses: [.energy, .similarity, .bands, .router])

  /// Two layers of four experts, of which the second lost its last.
  private func pruned() -> ToyCheckpoint {
    var toy = ToyCheckpoint.gaussian(layers: 2, experts: 4, hidden: 24, width: 20, seed: 3)
    toy.tensors.removeAll { $0.name.hasPrefix("model.layers.1.mlp.experts.3.") }
    toy.cutRouter(layer: 1, toRows: 3)
    return toy
  }

  @Test("layers of different numbers of experts give what each gives alone")
  func pruning() async throws {
    let whole = try await ToyRun(
      of: .gaussian(layers: 2, experts: 4, hidden: 24, width: 20, seed: 3), options: Self.options)
    let run = try await ToyRun(of: pruned(), options: Self.options)
    let summary = try run.table(.summary)
    #expect(
      summary.rows(["layer": "0"]).map { summary.integers("pairs")[$0] }
        == Array(repeating: 6, count: 6))
    #expect(
      summary.rows(["layer": "1"]).map { summary.integers("pairs")[$0] }
        == Array(repeating: 3, count: 6))
    // What two experts have in common does not depend on a third.
    for (a, b) in [("0", "1"), ("0", "2"), ("1", "2")] {
      for table in [TableDefinition.similarity, .tailSimilarity] {
        let (found, expected) = (try run.table(table), try whole.table(table))
        let pair: KeyValuePairs = ["layer": "1", "expert_a": a, "expert_b": b]
        #expect(found.rows(pair).count > 0)
        expectClose(
          found.numbers("mean_cosine", pair), expected.numbers("mean_cosine", pair), within: 1e-6)
      }
    }
    #expect(try run.table(.similarity).rows(["layer": "1", "expert_b": "3"]) == [])
    #expect(try run.table(.routerScore).rows(["layer": "1", "projection": "up_proj"]).count == 9)
    #expect(try run.table(.routerScore).rows(["layer": "0", "projection": "up_proj"]).count == 16)
  }

  /// 30 tokens of both layers, with logits of so many experts.
  private func capture(experts: [Int]) -> ToyCapture {
    var capture = ToyCapture(.gaussian(30, 24, seed: 31))
    for (layer, count) in experts.enumerated() {
      let seed = UInt64(32 + 10 * layer)
      capture.layers[layer] = ToyCapture.Layer(
        input: .gaussian(30, 24, seed: seed), logits: .gaussian(30, count, seed: seed + 1),
        shuffled: .gaussian(30, 24, seed: seed + 2))
    }
    capture.offsets = [0, 15, 30]
    return capture
  }

  @Test("captures have as many logits in each layer as it has experts, whose loads they tell")
  func captures() async throws {
    var toy = pruned()
    toy.config["num_experts_per_tok"] = 2
    let capture = self.capture(experts: [4, 3])
    var options = AnalysisOptions(
      analyses: [.routerData, .activationRatio, .shuffle, .dataAlignment, .routing])
    options.routedOnly = true
    let run = try await ToyRun(of: toy, options: options, capture: capture)
    let folder = try TemporaryFolder()
    let loads = try await expertLoads(
      of: Checkpoint(path: run.checkpoint.path), in: Capture(path: capture.written(in: folder)),
      layers: nil, workers: 2)
    let routing = try run.table(.routing)
    for (layer, count) in [4, 3].enumerated() {
      let logits = try #require(capture.layers[layer]?.logits)
      var chosen = [Double](repeating: 0, count: count)
      for token in 0..<30 {
        let order = (0..<count).sorted { logits[token, $0] > logits[token, $1] }
        for expert in order.prefix(2) { chosen[expert] += 1 / 60 }
      }
      let found = routing.numbers("load", ["layer": "\(layer)"])
      expectClose(found, chosen, within: 1e-15)
      expectClose(loads[layer] ?? [], chosen, within: 1e-15)
      let ratios = try run.table(.activationSummary).rows(["layer": "\(layer)"])
      #expect(ratios.count > 0)
    }
  }

  @Test("captures with another layer's number of logits are refused")
  func wrongCaptures() async throws {
    let wrong = self.capture(experts: [4, 4])
    let error = try await #require(throws: AnalysisError.self) {
      _ = try await ToyRun(
        of: pruned(), options: AnalysisOptions(analyses: [.routing]), capture: wrong)
    }
    #expect(
      error.description.hasSuffix(
        "tensor 'layers.1.router_logits' is of 4 experts, but the checkpoint has 3 in that layer; capture again from this checkpoint"
      ))
  }

  @Test("experts of two widths in turn are measured in runs of their own, under their own numbers")
  func twoWidths() async throws {
    let narrow: Set = [1, 3]
    var toy = ToyCheckpoint.gaussian(experts: 5, hidden: 24, width: 20, seed: 5)
    let other = ToyCheckpoint.gaussian(experts: 5, hidden: 24, width: 12, seed: 6)
    for expert in narrow {
      for projection in Projection.allCases {
        let name = ToyCheckpoint.name(projection, ofExpert: expert)
        toy[name] = other[name]
      }
    }
    let wide = try await ToyRun(of: toy, options: Self.options)
    #expect(Set(try wide.table(.energy).texts("expert")) == ["0", "2", "4"])
    #expect(try wide.table(.tailSimilarity).rows(["projection": "down_proj"]).count == 3)
    #expect(wide.folder.manifest.notMeasured?.count == 1)
    // The router chooses among all five; the row of an expert is that of its number.
    let scores = try wide.table(.routerScore)
    #expect(scores.rows(["projection": "gate_proj"]).count == 5 * 3)
    let own = ["0", "2", "4"].flatMap {
      scores.numbers("score", ["projection": "gate_proj", "router_row": $0, "expert": $0])
    }
    let matched = try wide.table(.routerSummary).numbers("matched", ["projection": "gate_proj"])
    expectClose(matched, [own.reduce(0, +) / 3], within: 1e-12)

    let few = try await ToyRun(of: toy, options: Self.options, expertWidth: 12)
    #expect(Set(try few.table(.energy).texts("expert")) == ["1", "3"])
    #expect(few.folder.manifest.options[.expertWidth] == "12")
    #expect(few.folder.manifest.options.arguments.contains("--expert-width 12"))
    #expect(try few.table(.similarity).rows(["expert_a": "1", "expert_b": "3"]).count == 6)
  }

  @Test("experts without a gate are measured in the other two projections")
  func ungated() async throws {
    var toy = ToyCheckpoint.gaussian(experts: 3, hidden: 24, width: 20, seed: 7)
    toy.tensors.removeAll { $0.name.contains("gate_proj") }
    let run = try await ToyRun(of: toy, options: Self.options)
    #expect(run.folder.manifest.options.projections == [.up, .down])
    #expect(Set(try run.table(.energy).texts("projection")) == ["up_proj", "down_proj"])
    #expect(try run.table(.routerSummary).rowCount == 1)
    var options = Self.options
    options.projections = [.gate]
    let asked = options
    await #expect(
      throws: AnalysisError.noProjection(
        path: run.checkpoint.path, projections: ["gate_proj"])
    ) {
      try await analyse(run.checkpoint.path, in: run.out.path + "-gate", options: asked)
    }
  }

  @Test("layers past the model's own are measured where they are asked for, and told otherwise")
  func furtherLayers() async throws {
    var toy = ToyCheckpoint.gaussian(layers: 2, experts: 3, hidden: 24, width: 20, seed: 8)
    toy.config["num_hidden_layers"] = 1
    let usual = try await ToyRun(of: toy)
    #expect(usual.folder.manifest.options.layers == [0])
    #expect(
      usual.folder.manifest.notMeasured == [
        "layer 1: 9 tensors of experts 0-2, past num_hidden_layers (1), such as 'model.layers.1.mlp.experts.0.down_proj.weight'"
      ])
    let asked = try await ToyRun(of: toy, options: AnalysisOptions(layers: [0, 1]))
    #expect(asked.folder.manifest.notMeasured == nil)
    #expect(asked.folder.manifest.units.map(\.layer) == [0, 0, 0, 1, 1, 1])
    #expect(try asked.table(.energy).rows(["layer": "1"]).count == 9)
  }
}

extension ToyCheckpoint {
  /// Leaves the first rows of a layer's router alone.
  fileprivate mutating func cutRouter(layer: Int, toRows count: Int) {
    let name = Self.routerName(layer: layer)
    guard let router = self[name] else { return }
    let (shape, size) = (router.description.shape, router.description.byteCount)
    self[name] = ToyTensor(
      name: name, type: router.description.elementType, shape: [count, shape[1]],
      bytes: Array(router.bytes.prefix(size / shape[0] * count)))
  }
}
