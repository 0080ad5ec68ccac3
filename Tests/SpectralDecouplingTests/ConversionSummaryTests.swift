import Checkpoints
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks what is told of a conversion, before and after.
@Suite struct ConversionSummaryTests {
  static let toy = ToyCheckpoint.normal(layers: 2, experts: 3, hidden: 24, width: 20)

  @Test("The summary and the plan tell the sizes")
  func sizes() async throws {
    let made = try await ToyConversion(of: Self.toy, .basic(rank: 4))
    let files = try WeightFileBytes.files(in: made.output).map {
      try Data(contentsOf: URL(filePath: "\(made.output)/\($0.name)")).count
    }
    #expect(made.summary.bytesAfter == files.reduce(0, +))
    #expect(made.summary.bytesBefore == (try Checkpoint(path: made.input.path)).byteCount)
    let plan = try ConversionPlan(
      for: Checkpoint(path: made.input.path), options: made.options, version: "test")
    let all = try filesByPath(under: made.output).values.reduce(0) { $0 + $1.count }
    // Headers, the certificate and corrections come on top.
    #expect(plan.predictedByteCount <= all)
    #expect(plan.predictedByteCount > all / 2)
  }
}
