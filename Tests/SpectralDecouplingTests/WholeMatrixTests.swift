import Checkpoints
import Experts
import LinearAlgebra
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks the matrices that are put together from stored parts.
@Suite struct WholeMatrixTests {
  @Test(
    "A strict output, merged at once or later, is the sum of the stored parts",
    arguments: [ElementType.f32, .bf16], [false, true])
  func strictSum(type: ElementType, isNearlyLowRank: Bool) async throws {
    let toy = SplitToy.toy(isNearlyLowRank: isNearlyLowRank, type: type)
    var options = ConversionOptions.basic(rank: SplitToy.rank) { $0.mode = .strict }
    options.detail = .full
    let factored = try await ToyConversion(of: toy, options)
    options.form = .merged
    let merged = try await ToyConversion(of: toy, options)
    let tensors = try storedTensors(in: merged.output)
    let later = try await factored.merged()
    expectSameTensors(try storedTensors(in: later), tensors)
    let parts = try storedTensors(in: factored.output)
    for projection in Projection.allCases {
      let stored = try StoredSplit(projection, experts: SplitToy.expertCount, in: parts)
      for (expert, unique) in stored.unique.enumerated() {
        let sum = unique + stored.common
        let matrix = try #require(
          tensors[ToyCheckpoint.name(projection, ofExpert: expert)]?.matrix)
        // Half a unit in the last place of the type, and single precision's sum of 2 k_c terms.
        let rounding = type == .bf16 ? 0x1p-8 : 0x1p-24
        let noise = 1e-6 * stored.common.largest
        for (value, expected) in zip(matrix.elements, sum.elements)
        where abs(value - expected) > 1.01 * rounding * abs(expected) + noise {
          Issue.record("\(projection) \(expert): \(value) rather than \(expected)")
        }
      }
    }
    try await factored.expectSound()
    try await merged.expectSound()
    #expect(
      try await verify(later, against: Checkpoint(path: factored.output), workers: 2).failures == []
    )
  }

  @Test(
    "An output merged from parts in BF16 can be verified too",
    arguments: [ElementType.bf16, .f32], SDMoEForm.Mode.allCases)
  func mergedFromBF16(type: ElementType, mode: SDMoEForm.Mode) async throws {
    let made = try await ToyConversion(
      of: SplitToy.toy(isNearlyLowRank: false, type: type),
      .basic(rank: SplitToy.rank) {
        $0.storedType = .bf16
        $0.mode = mode
      })
    for stored in [ConversionOptions.StoredType.keep, .f32, .bf16] {
      let merged = try await made.merged(as: stored)
      let report = try await verify(
        merged, against: Checkpoint(path: made.output), workers: 2)
      #expect(report.failures == [], "\(stored)")
    }
  }
}
