import Checkpoints
import Experts
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks experts too large to be decomposed whole, so that the iteration runs, against full
/// decompositions.
@Suite struct MediumExpertTests {
  @Test(
    "Six experts of 300 x 400 with slowly decaying spectra",
    arguments: [Projection.gate, .down])
  func iteration(projection: Projection) async throws {
    // r = 300 and a fraction of 0.02: k = 6; 16 values are told.
    let (experts, hidden, width, k) = (6, 400, 300, 6)
    let common = Matrix<Double>.gaussian(hidden, 3, seed: 70)
    // As in trained models, (j + 4)^-0.35, but with a gap behind direction 6.
    let spectrum = (1...300).map { pow(Double($0 + 4), -0.35) * ($0 <= k ? 1.05 : 1) }
    var toy = ToyCheckpoint.gaussian(experts: experts, hidden: hidden, width: width, seed: 71)
    var matrices: [Matrix<Double>] = []
    for expert in 0..<experts {
      let seed = UInt64(80 + 10 * expert)
      let stream = try Matrix.orthonormal(hidden, width, leading: common, seed: seed)
      let neurons = try Matrix<Double>.orthonormal(width, width, seed: seed + 1)
      let matrix: Matrix<Double> =
        projection == .down
        ? .with(spectrum: spectrum, left: stream, right: neurons)
        : .with(spectrum: spectrum, left: neurons, right: stream)
      toy.plant(matrix, as: ToyCheckpoint.name(projection, ofExpert: expert))
      matrices.append(
        Matrix(
          rowCount: matrix.rowCount, columnCount: matrix.columnCount,
          elements: matrix.elements.map { Double(Float($0)) }))
    }
    let run = try await ToyRun(
      of: toy, options: AnalysisOptions(projections: [projection], fraction: 0.02))
    let full = try matrices.map { try LeadingTriplets.decompose($0, count: 16) }

    let sigma = try run.table(.spectrum).numbers("sigma")
    let expected = full.flatMap(\.singularValues)
    #expect(sigma.count == experts * 16)
    for (ours, theirs) in zip(sigma, expected) { #expect(abs(ours - theirs) <= 1e-4 * theirs) }

    let energy = try run.table(.energy)
    let norms = matrices.map { $0.elements.reduce(0) { $0 + $1 * $1 } }
    for expert in 0..<experts {
      let squares = full[expert].singularValues.map { $0 * $0 }
      let top = squares.prefix(k).reduce(0, +) / norms[expert]
      #expect(abs(energy.numbers("energy_top")[expert] - top) <= 1e-4 * top)
      let stable = norms[expert] / squares[0]
      #expect(abs(energy.numbers("stable_rank")[expert] - stable) <= 1e-4 * stable)
    }

    let similarity = try run.table(.similarity)
    #expect(similarity.rowCount == 2 * 15)
    var row = 0
    for side in ["hidden", "neuron"] {
      let left = (side == "hidden") == (projection == .down)
      let bases = full.map { (left ? $0.left : $0.right).leadingColumns(k) }
      for a in 0..<experts {
        for b in a + 1..<experts {
          let truth = try SubspaceSimilarity.between(bases[a], bases[b])
          #expect(similarity.texts("side")[row] == side)
          #expect(abs(similarity.numbers("mean_cosine")[row] - truth.meanCosine) <= 1e-4)
          #expect(abs(similarity.numbers("overlap")[row] - truth.overlap) <= 1e-4)
          #expect(abs(similarity.numbers("max_cosine")[row] - truth.maxCosine) <= 1e-4)
          row += 1
        }
      }
    }

    guard projection == .gate else { return }
    let score = try run.table(.routerScore).numbers("score")
    let router = try #require(toy[ToyCheckpoint.routerName()])
    var reader = WeightReader()
    let weight = try Checkpoint(path: run.checkpoint.path).layers[0].router.get()
    #expect(weight.name == router.name)
    #expect(weight.shape == router.description.shape)
    try reader.read(weight)
    for (f, triplets) in full.enumerated() {
      let cosines = product(reader.matrix, triplets.right.leadingColumns(k))
      for e in 0..<experts {
        let norm = (0..<hidden).reduce(0.0) {
          $0 + Double(reader.matrix[e, $1]) * Double(reader.matrix[e, $1])
        }
        let truth =
          (0..<k).reduce(0.0) { $0 + Double(cosines[e, $1]) * Double(cosines[e, $1]) } / norm
        #expect(abs(score[e * experts + f] - truth) <= 1e-4)
      }
    }
  }

}
