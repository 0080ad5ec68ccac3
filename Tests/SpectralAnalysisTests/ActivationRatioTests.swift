import Checkpoints
import Experts
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks activation ratios of tokens whose directions are chosen.
@Suite struct ActivationRatioTests {
  // r = 24 and a fraction of 0.1: k = 3. Eight directions of the stream are no expert's.
  static let (hidden, width, experts) = (32, 24, 4)

  /// A whole basis of the stream; all experts have its first 24 directions.
  let basis: Matrix<Double>
  let toy: ToyCheckpoint

  init() throws {
    basis = try .orthonormal(Self.hidden, Self.hidden, seed: 41)
    var toy = ToyCheckpoint.gaussian(
      experts: Self.experts, hidden: Self.hidden, width: Self.width, sharedWidth: 28, seed: 42)
    toy.config["num_experts_per_tok"] = 2
    for projection in [Projection.gate, .up] {
      for expert in 0..<Self.experts {
        // Values fall by a tenth from one to the next: each direction is well apart.
        try toy.plant(
          projection, ofExpert: expert, spectrum: (0..<24).map { 9 * pow(0.9, Double($0)) },
          stream: basis.columns(0..<24), width: Self.width, seed: UInt64(50 + expert))
      }
    }
    self.toy = toy
  }

  func options(_ change: (inout AnalysisOptions) -> Void = { _ in }) -> AnalysisOptions {
    var options = AnalysisOptions(analyses: [.activationRatio], fraction: 0.1)
    change(&options)
    return options
  }

  /// A token that is a sum of directions of the basis.
  func token(_ parts: [Int: Double]) -> [Double] {
    (0..<Self.hidden).map { row in
      parts.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value * basis[row, $1.key] }
    }
  }

  @Test(
    "A direction that all tokens carry has ratio 1, one that none carries 0; zeros are no tokens")
  func carried() async throws {
    // Lengths from 1e-3 to 1e3: only the angle matters.
    var rows = (0..<39).map { t in
      token([3: pow(10, Double(t % 7) - 3) * (t % 2 == 0 ? 1 : -1)])
    }
    rows.append([Double](repeating: 0, count: Self.hidden))
    let run = try await ToyRun(
      of: toy, options: options(), capture: ToyCapture(Matrix(rows: rows)))
    let table = try run.table(.activationRatio)
    // gate_proj and up_proj of routed experts; down_proj does not see the input.
    #expect(table.rowCount == 2 * Self.experts * 24)
    #expect(Set(table.texts("projection")) == ["gate_proj", "up_proj"])
    #expect(Set(table.texts("expert")) == ["0", "1", "2", "3"])
    #expect(table.integers("tokens").allSatisfy { $0 == 39 })
    for (row, direction) in table.integers("direction").enumerated() {
      #expect(table.numbers("ratio")[row] == (direction == 4 ? 1 : 0))
    }
  }

  @Test(
    "The angle decides: tokens at chosen angles, counted by hand", arguments: [0.5, 1, 2],
    [ElementType.f32, .f16])
  func angles(threshold: Double, type: ElementType) async throws {
    // Cosines of 0.005, 0.015 ... 0.995 with direction 1, the rest where no expert looks.
    let cosines = (0..<100).map { (Double($0) + 0.5) / 100 }
    let rows = cosines.enumerated().map { t, cosine in
      token([0: 3 * cosine, 24 + t % 8: 3 * (1 - cosine * cosine).squareRoot()])
    }
    var capture = ToyCapture(Matrix(rows: rows))
    capture.type = type
    let run = try await ToyRun(
      of: toy, options: options { $0.threshold = threshold }, capture: capture)
    let table = try run.table(.activationRatio)
    // The nearest cosine is 0.0014 from the limit; halves change one by less than 0.0005.
    let expected = cosines.count { $0 > threshold / Double(Self.hidden).squareRoot() }
    #expect(expected == [0.5: 91, 1: 82, 2: 65][threshold])
    for (row, direction) in table.integers("direction").enumerated() {
      #expect(table.numbers("ratio")[row] == (direction == 1 ? Double(expected) / 100 : 0))
    }
    // The summary: k = 3 directions at the top, 21 behind.
    let summary = try run.table(.activationSummary)
    #expect(summary.texts("projection") == ["gate_proj", "up_proj"])
    #expect(summary.integers("k") == [3, 3])
    for row in 0..<2 {
      #expect(abs(summary.numbers("first_ratio")[row] - Double(expected) / 100) <= 1e-12)
      #expect(abs(summary.numbers("top_ratio")[row] - Double(expected) / 300) <= 1e-12)
      #expect(summary.numbers("tail_ratio")[row] == 0)
    }
  }

  @Test(
    "Isotropic tokens stand at the floor, and at threshold 0 all are active", arguments: [1, 2])
  func isotropic(seed: UInt64) async throws {
    let capture = ToyCapture(.gaussian(4000, Self.hidden, seed: seed))
    for threshold in [0, 1, 1.7] {
      let run = try await ToyRun(
        of: toy, options: options { $0.threshold = threshold }, capture: capture)
      let table = try run.table(.activationRatio)
      let floor = isotropicExceedance(threshold: threshold, dimension: Self.hidden)
      #expect(table.numbers("floor_ratio").allSatisfy { $0 == floor })
      #expect(try run.table(.activationSummary).numbers("floor_ratio") == [floor, floor])
      guard threshold > 0 else {
        #expect(table.numbers("ratio").allSatisfy { $0 == 1 })
        continue
      }
      // Counts of 4,000 tokens are binomial; 24 directions are looked at, the same for all experts.
      let error = (floor * (1 - floor) / 4000).squareRoot()
      #expect(table.numbers("ratio").allSatisfy { abs($0 - floor) <= 4.5 * error })
    }
  }

  @Test("A sample takes the tokens floor(i T / n)")
  func sampling() async throws {
    // Tokens 0, 2, 5 and 7 of ten carry direction 2.
    let rows = (0..<20).map { t in token([[0, 5, 10, 15].contains(t) ? 1 : 30: 1]) }
    let capture = ToyCapture(Matrix(rows: rows))
    for (tokens, count, ratio) in [
      (SampleSize.atMost(4), 4, 1.0), (.atMost(8), 8, 0.5), (.atMost(20), 20, 0.2),
      (.atMost(8192), 20, 0.2), (.all, 20, 0.2), (.atMost(1), 1, 1),
    ] {
      let run = try await ToyRun(of: toy, options: options { $0.tokens = tokens }, capture: capture)
      let table = try run.table(.activationRatio)
      #expect(table.integers("tokens").allSatisfy { $0 == count }, "\(tokens)")
      #expect(table.numbers("ratio", ["direction": "2"]).allSatisfy { $0 == ratio }, "\(tokens)")
    }
  }

  @Test("With routed tokens only, each expert has its own tokens, and one without any no ratio")
  func routedOnly() async throws {
    // Two experts of four for each of 24 tokens, never the last one; token t carries t % 3.
    let chosen = (0..<24).map { t in [[0, 1], [1, 2], [0, 2], [0, 1], [0, 1]][t % 5] }
    let rows = (0..<24).map { token([$0 % 3: 2]) }
    let logits = chosen.map { pair in
      (0..<4).map { pair.contains($0) ? 1.5 + 0.25 * Double($0) : -Double($0) }
    }
    let capture = ToyCapture(Matrix(rows: rows), logits: Matrix(rows: logits))
    for size in [SampleSize.all, .atMost(10)] {
      let run = try await ToyRun(
        of: toy,
        options: options {
          $0.routedOnly = true
          $0.tokens = size
        }, capture: capture)
      let sampled =
        size == .all ? Array(0..<24) : (0..<10).map { $0 * 24 / 10 }
      let table = try run.table(.activationRatio)
      var top: [Double] = []
      for expert in 0..<4 {
        let own = sampled.filter { chosen[$0].contains(expert) }
        let rows = table.rows(["projection": "up_proj", "expert": String(expert)])
        #expect(rows.count == 24)
        for row in rows {
          let direction = table.integers("direction")[row] - 1
          #expect(table.integers("tokens")[row] == own.count)
          let ratio = table.numbers("ratio")[row]
          if own.isEmpty {
            #expect(ratio.isNaN)
          } else {
            let active = own.count { $0 % 3 == direction }
            #expect(ratio == Double(active) / Double(own.count))
            if direction < 3 { top.append(ratio) }
          }
        }
      }
      // The summary is over the experts that saw a token.
      #expect(top.count == 9)
      let summary = try run.table(.activationSummary)
      #expect(
        summary.numbers("top_ratio").allSatisfy { abs($0 - top.reduce(0, +) / 9) <= 1e-12 })
      #expect(summary.numbers("tail_ratio") == [0, 0])
    }
  }

  @Test("Another format of the same captures gives the same bytes")
  func formats() async throws {
    let checkpoint = try toy.written()
    let inputs = try TemporaryFolder()
    let capture = ToyCapture(.gaussian(300, Self.hidden, seed: 9))
    var tables: [Data] = []
    for form in ToyCapture.Form.allCases {
      let out = try TemporaryFolder()
      try await analyse(
        checkpoint.path, in: out.path, options: options(),
        captures: try capture.written(in: inputs, as: form))
      tables += try filesByPath(under: out.path).filter {
        $0.key == "tables/activation_ratio.csv"
      }.values
    }
    #expect(tables.count == 2)
    #expect(tables.first == tables.last)
  }
}
