import Checkpoints
import Experts
import Findings
import Foundation
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks the summary over pairs against numbers made by hand.
@Suite struct SummaryTests {
  @Test("Quartiles of six pairs: experts led by directions at 0, 10, 30 and 60 degrees")
  func quartiles() async throws {
    // r = 6: k = 1, so that the similarity of two experts is the cosine between two directions.
    let angles = [0.0, 10, 30, 60].map { $0 * .pi / 180 }
    var toy = ToyCheckpoint.gaussian(experts: 4, hidden: 8, width: 6, seed: 51)
    for (expert, angle) in angles.enumerated() {
      var right = Matrix<Double>(rowCount: 8, columnCount: 6)
      for place in 0..<6 { right[place, place] = 1 }
      (right[0, 0], right[1, 0]) = (cos(angle), sin(angle))
      (right[0, 1], right[1, 1]) = (-sin(angle), cos(angle))
      toy.plant(
        .with(
          spectrum: [7, 3, 2, 1.5, 1, 0.5],
          left: try .orthonormal(6, 6, seed: UInt64(expert)), right: right),
        as: ToyCheckpoint.name(.gate, ofExpert: expert))
    }
    let run = try await ToyRun(
      of: toy, options: AnalysisOptions(analyses: [.similarity], projections: [.gate]))
    let summary = try run.table(.summary)
    #expect(summary.texts("side") == ["hidden", "neuron"])
    #expect(summary.integers("pairs") == [6, 6])
    // cos 60, 50, 30, 30, 20, 10 degrees: the quartiles lie at places 1.25, 2.5 and 3.75.
    let c = [60.0, 50, 30, 30, 20, 10].map { cos($0 * .pi / 180) }
    let expected = [
      "min": 0.5, "q1": c[1] + 0.25 * (c[2] - c[1]), "median": 0.75.squareRoot(),
      "q3": c[3] + 0.75 * (c[4] - c[3]), "max": c[5], "mean": c.reduce(0, +) / 6,
    ]
    for (column, value) in expected {
      // The angle of a direction of a matrix in single precision: 6e-8 * 7 / (7 - 3).
      #expect(abs(summary.numbers(column)[0] - value) <= 1e-6, "\(column)")
    }
    // The similarity table has the pairs themselves: (a, b) in order.
    let pairs = try run.table(.similarity).numbers("mean_cosine").prefix(6)
    expectClose(
      Array(pairs), [10.0, 30, 60, 20, 50, 30].map { cos($0 * .pi / 180) }, within: 1e-6)
  }

  @Test("One pair is its own minimum, quartiles and maximum; one expert has none")
  func fewExperts() async throws {
    let options = AnalysisOptions(analyses: [.similarity], projections: [.gate])
    let two = try await ToyRun(
      of: .gaussian(experts: 2, hidden: 8, width: 6, seed: 52), options: options)
    let summary = try two.table(.summary)
    #expect(summary.integers("pairs") == [1, 1])
    for column in ["min", "q1", "median", "q3", "max"] {
      #expect(summary.numbers(column) == summary.numbers("mean"))
    }
    let one = try await ToyRun(
      of: .gaussian(experts: 1, hidden: 8, width: 6, sharedWidth: 7, seed: 53), options: options)
    #expect(try one.table(.summary).rowCount == 0)
    #expect(try one.table(.similarity).texts("expert_b") == ["shared"])
  }
}
