import Checkpoints
import Experts
import LinearAlgebra
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks what unique parts have left along the common bases.
@Suite struct ResidualsTests {
  @Test(
    "Nothing of a unique part is left along the bases", arguments: [false, true],
    SDMoEForm.Mode.allCases)
  func residuals(isNearlyLowRank: Bool, mode: SDMoEForm.Mode) async throws {
    let toy = SplitToy.toy(isNearlyLowRank: isNearlyLowRank)
    let made = try await ToyConversion(of: toy, .basic(rank: SplitToy.rank) { $0.mode = mode })
    let tensors = try storedTensors(in: made.output)
    let certificate = CertificateFile(folder: made.output)
    for projection in Projection.allCases {
      let stored = try StoredSplit(projection, experts: SplitToy.expertCount, in: tensors)
      let left = try #require(stored.left)
      let right = try #require(stored.right)
      for (expert, unique) in stored.unique.enumerated() {
        let whole = SplitToy.experts(projection, of: toy)[expert].norm
        #expect((unique.norm < 2e-3 * whole) == isNearlyLowRank)
        // The bound that Method.md states for single precision.
        #expect(product(left, leftTransposed: true, unique).norm <= 1e-5 * unique.norm)
        #expect(product(unique, right).norm <= 1e-5 * unique.norm)
        let name = FactoredExpertNames(
          weight: ToyCheckpoint.name(projection, ofExpert: expert)
        ).unique
        #expect(try certificate.number("left_residual", of: name) <= 1e-5)
        #expect(try certificate.number("right_residual", of: name) <= 1e-5)
      }
    }
    try await made.expectSound()
  }
}
