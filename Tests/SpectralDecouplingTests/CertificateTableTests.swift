import Checkpoints
import Experts
import LinearAlgebra
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks the numbers of the certificate's table against the parts that a conversion stores.
@Suite struct CertificateTableTests {
  @Test("Strict mode says what it drops", arguments: SDMoEForm.Sides.allCases, [false, true])
  func dropped(sides: SDMoEForm.Sides, isCut: Bool) async throws {
    let toy = SplitToy.toy(isNearlyLowRank: false)
    let made = try await ToyConversion(
      of: toy,
      .basic(rank: SplitToy.rank) {
        $0.mode = .strict
        $0.sides = sides
        $0.cutsCommonRank = isCut
        $0.weights = .usage(loads: [0: SplitToy.loads], source: "captures")
      })
    let tensors = try storedTensors(in: made.output)
    #expect(!tensors.keys.contains { $0.contains("remainder") || $0.contains("correction") })
    let certificate = CertificateFile(folder: made.output)
    for (place, projection) in Projection.allCases.enumerated() {
      let stored = try StoredSplit(projection, experts: SplitToy.expertCount, in: tensors)
      let matrices = SplitToy.experts(projection, of: toy)
      let reference = ReferenceSplit(
        matrices, shares: SplitToy.shares, left: stored.left, right: stored.right)
      let rest = reference.apart(stored.common)
      var dropped = 0.0
      for (expert, matrix) in matrices.enumerated() {
        let remainder = reference.along(matrix) - stored.common + rest
        dropped += remainder.squaredNorm
        let name = FactoredExpertNames(
          weight: ToyCheckpoint.name(projection, ofExpert: expert)
        ).unique
        // Norms of products in single precision: a few parts in 10^7.
        for (column, value) in [
          ("norm", matrix.norm),
          ("remainder_energy", remainder.squaredNorm / matrix.squaredNorm),
          ("dropped", remainder.norm / matrix.norm),
          ("reconstruction_error", remainder.norm / matrix.norm),
          ("common_energy", stored.common.squaredNorm / matrix.squaredNorm),
          ("unique_energy", stored.unique[expert].squaredNorm / matrix.squaredNorm),
        ] {
          let told = try certificate.number(column, of: name)
          #expect(abs(told - value) <= 1e-5 * value, "\(name) \(column)")
        }
      }
      let total = matrices.reduce(0) { $0 + $1.squaredNorm }
      let unit = try certificate.units()[place]
      let energy = try #require(unit["remainderEnergy"] as? Double)
      #expect(abs(energy - dropped / total) <= 1e-5 * energy)
      #expect(abs(made.summary.units[place].remainderEnergy - energy) <= 1e-15)
      let norm = try #require(unit["commonNorm"] as? Double)
      #expect(abs(norm - stored.common.norm) <= 1e-5 * norm)
    }
    try await made.expectSound()
  }
}
