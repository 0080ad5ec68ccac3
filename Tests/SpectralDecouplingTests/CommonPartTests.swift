import Checkpoints
import Experts
import LinearAlgebra
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks that the common part is the best that there is, by dense computations in double precision.
@Suite struct CommonPartTests {
  @Test("A cut common part is the best of its rank", arguments: SDMoEForm.Bases.allCases)
  func cut(bases: SDMoEForm.Bases) async throws {
    let toy = SplitToy.toy(isNearlyLowRank: false)
    let options = ConversionOptions.basic(rank: SplitToy.rank) {
      $0.bases = bases
      $0.cutsCommonRank = true
    }
    let made = try await ToyConversion(of: toy, options)
    let tensors = try storedTensors(in: made.output)
    for projection in Projection.allCases {
      let stored = try StoredSplit(projection, experts: SplitToy.expertCount, in: tensors)
      let matrices = SplitToy.experts(projection, of: toy)
      let reference = ReferenceSplit(matrices, left: stored.left, right: stored.right)
      let full = try SingularValueDecomposition(of: reference.common)
      let tail = full.singularValues.dropFirst(SplitToy.rank).reduce(0) { $0 + $1 * $1 }
      let allowed = 1e-6 * matrices[0].norm
      // Eckart and Young: no matrix of that rank is nearer than the tail.
      #expect(abs((stored.common - reference.common).norm - tail.squareRoot()) <= allowed)
      #expect(try singularValues(of: stored.common)[SplitToy.rank] <= allowed)
      let name = FactoredNames(start: "model.layers.0.mlp.", projection: projection).commonLeft
      #expect(tensors[name]?.shape.last == SplitToy.rank)
      let rest = reference.apart(stored.common)
      for (expert, matrix) in matrices.enumerated() {
        #expect((stored.unique[expert] - (reference.apart(matrix) - rest)).norm <= allowed)
        let sum = stored.common + stored.unique[expert] + stored.remainders[expert]
        #expect((sum - matrix).norm <= allowed)
      }
    }
  }

  @Test("No change of the common part along the bases brings it nearer to the experts")
  func leastSquares() async throws {
    let toy = SplitToy.toy(isNearlyLowRank: false)
    let made = try await ToyConversion(
      of: toy,
      .basic(rank: SplitToy.rank) {
        $0.weights = .usage(loads: [0: SplitToy.loads], source: "captures")
      })
    let stored = try StoredSplit(
      .gate, experts: SplitToy.expertCount, in: storedTensors(in: made.output))
    let matrices = SplitToy.experts(.gate, of: toy)
    let reference = ReferenceSplit(matrices, left: stored.left, right: stored.right)
    func error(_ common: Matrix<Double>) -> Double {
      zip(matrices, SplitToy.shares).reduce(0) {
        $0 + $1.1 * (reference.along($1.0) - common).squaredNorm
      }
    }
    let least = error(stored.common)
    for seed in 1...8 as ClosedRange<UInt64> {
      let any = Matrix<Double>.normal(SplitToy.width, SplitToy.hidden, seed: seed)
      let direction = reference.along(any).scaled(1 / reference.along(any).norm)
      // The error is a square with its lowest point at W_c: a step t in any direction adds t^2.
      for step in [-1e-2, 1e-2] {
        let added = error(stored.common + direction.scaled(step)) - least
        #expect(abs(added - step * step) <= 1e-3 * step * step)
      }
    }
  }
}
