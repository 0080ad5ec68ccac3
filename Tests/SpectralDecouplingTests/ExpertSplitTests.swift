import Checkpoints
import Experts
import LinearAlgebra
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks the parts of experts against their definition (Method.md section 6), computed with whole
/// projectors in double precision.
@Suite struct ExpertSplitTests {
  @Test(
    "Every part is what its definition says", arguments: SDMoEForm.Bases.allCases,
    SDMoEForm.Sides.allCases)
  func definition(bases: SDMoEForm.Bases, sides: SDMoEForm.Sides) async throws {
    let toy = SplitToy.toy(isNearlyLowRank: false)
    let made = try await ToyConversion(
      of: toy,
      .basic(rank: SplitToy.rank) {
        $0.bases = bases
        $0.sides = sides
        $0.weights = .usage(loads: [0: SplitToy.loads], source: "captures")
      })
    let tensors = try storedTensors(in: made.output)
    for projection in Projection.allCases {
      let stored = try StoredSplit(projection, experts: SplitToy.expertCount, in: tensors)
      #expect((stored.left != nil) == sides.projectLeft(of: projection))
      #expect((stored.right != nil) == sides.projectRight(of: projection))
      for basis in [stored.left, stored.right].compactMap({ $0 }) {
        // F32 columns: each product of two is off by up to two roundings and the sum's.
        #expect(basis.skewness <= 1e-6)
        #expect(basis.columnCount == SplitToy.rank)
      }
      let matrices = SplitToy.experts(projection, of: toy)
      let reference = ReferenceSplit(
        matrices, shares: SplitToy.shares, left: stored.left, right: stored.right)
      // Products in single precision of a few dozen terms, at the matrices' scale.
      let allowed = 1e-6 * matrices[0].norm
      #expect((stored.common - reference.common).norm <= allowed)
      for (expert, matrix) in matrices.enumerated() {
        #expect((stored.unique[expert] - reference.apart(matrix)).norm <= allowed)
        let remainder = reference.along(matrix) - reference.common
        #expect((stored.remainders[expert] - remainder).norm <= allowed)
        let sum = stored.common + stored.unique[expert] + stored.remainders[expert]
        #expect((sum - matrix).norm <= allowed)
      }
    }
  }
}
