import Checkpoints
import Experts
import LinearAlgebra
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks the types in which parts are stored, and what rounding to them changes.
@Suite struct StoredElementsTests {
  /// The distance of neighbouring BF16 numbers of that size.
  private func ulp(_ value: Double) -> Double { Double(Float(value).binade) * 0x1p-7 }

  @Test(
    "Parts stored in BF16 give every weight to one unit in the last place of its largest part",
    arguments: [ElementType.bf16, .f32], [false, true])
  func bf16(type: ElementType, isNearlyLowRank: Bool) async throws {
    let toy = SplitToy.toy(isNearlyLowRank: isNearlyLowRank, type: type)
    let made = try await ToyConversion(
      of: toy, .basic(rank: SplitToy.rank) { $0.storedType = .bf16 })
    let tensors = try storedTensors(in: made.output)
    var largestError = 0.0
    for projection in Projection.allCases {
      let stored = try StoredSplit(projection, experts: SplitToy.expertCount, in: tensors)
      for (expert, matrix) in SplitToy.experts(projection, of: toy).enumerated() {
        let along = stored.common + stored.remainders[expert]
        let whole = along + stored.unique[expert]
        for place in matrix.elements.indices {
          let values = [along, stored.unique[expert], matrix].map { abs($0.elements[place]) }
          let error = abs(whole.elements[place] - matrix.elements[place])
          largestError = max(largestError, error)
          if error > ulp(values.max() ?? 0) {
            Issue.record("\(projection) \(expert) \(place): off by \(error)")
          }
        }
        let name = FactoredExpertNames(
          weight: ToyCheckpoint.name(projection, ofExpert: expert)
        ).unique
        #expect(tensors[name]?.type == .bf16)
        let told = try CertificateFile(folder: made.output)
          .number("reconstruction_error", of: name)
        let error = (whole - matrix).norm / matrix.norm
        #expect(abs(told - error) <= 1e-6)
      }
    }
    // It is rounded at all.
    #expect(largestError > 0)
    #expect(!tensors.keys.contains { $0.contains("correction") })
    try await made.expectSound()
  }

  @Test("The type of the original is kept where that is asked for")
  func keptType() async throws {
    let made = try await ToyConversion(
      of: SplitToy.toy(isNearlyLowRank: false, type: .f16),
      .basic(rank: SplitToy.rank) { $0.storedType = .keep })
    let name = FactoredExpertNames(weight: ToyCheckpoint.name(.up, ofExpert: 2)).unique
    #expect(try storedTensors(in: made.output)[name]?.type == .f16)
    #expect(try Checkpoint(path: made.output).form?.dtype == .f16)
    try await made.expectSound()
    let merged = try storedTensors(in: try await made.merged())
    #expect(merged[ToyCheckpoint.name(.up, ofExpert: 2)]?.type == .f16)
  }

  @Test(
    "differing elements are found, and put right",
    arguments: [ElementType.f64, .f32, .f16, .bf16])
  func corrections(type: ElementType) throws {
    let matrix = Matrix<Double>.normal(4, 6, seed: 9).narrowed()
    let original = StoredElements(matrix, as: type)
    var changed = matrix
    for place in [0, 7, 23] { changed.elements[place] *= -2 }
    var other = StoredElements(changed, as: type)
    let correction = other.differences(to: original)
    #expect(correction.indices == [0, 7, 23])
    #expect(correction.bytes.count == 3 * type.bitCount / 8)
    #expect(other.digest != original.digest)
    other.apply(correction)
    #expect(other.bytes == original.bytes)
    #expect(original.differences(to: original).indices.isEmpty)
  }

  @Test("a weight is read as it is stored, a share of a tensor as if it stood alone")
  func reading() throws {
    let tensor = ToyTensor("x", .f16, [2, 6, 4], seed: 3)
    let file = MemoryFile([tensor])
    let weight = Weight(
      rowCount: 3, columnCount: 4,
      sources: [Weight.Source(file: file, tensor: tensor.description)], expert: 1,
      part: .secondHalf)
    let found = try StoredElements(weight)
    #expect(found.type == .f16)
    #expect(found.bytes == Array(tensor.bytes[72..<96]))
    let values = exactRandomValues(count: 48, seed: 3)[36...].map { Float($0) }
    #expect(found.matrix(rowCount: 3, columnCount: 4).elements == values)
  }
}
