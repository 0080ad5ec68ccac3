import Checkpoints
import Experts
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks the plan of a tensor of the output that many experts fill.
@Suite struct OutputTensorTests {
  private func experts(
    _ projections: [Projection]
  ) throws -> (
    stored: TensorDescription, experts: [(unit: Int, expert: Int, weight: Weight)]
  ) {
    let checkpoint = try Checkpoint(path: Fixture.url("families/granitemoe/hub").path)
    let name = "model.layers.0.block_sparse_moe.input_linear.weight"
    let stored = try #require(checkpoint.tensor(named: name))
    let experts = try projections.enumerated().flatMap { unit, projection in
      try checkpoint.recipes(ofLayer: 0, projection: projection).enumerated().map {
        (unit, $0.offset, try $0.element.get())
      }
    }
    return (stored, experts)
  }

  @Test("gate and up of every expert follow each other, in the type of the output")
  func fused() throws {
    let (stored, experts) = try experts([.gate, .up])
    let output = OutputTensor(
      insteadOf: stored, experts: experts.reversed(), name: "fused", type: .f32)
    #expect(output.tensor.name == "fused")
    #expect(output.tensor.shape == stored.shape)
    #expect(output.tensor.byteCount == 2 * stored.byteCount)
    guard case .experts(let pieces) = output.content else {
      Issue.record("not made of experts")
      return
    }
    #expect(pieces.map(\.unit) == [0, 1, 0, 1, 0, 1, 0, 1])
    #expect(pieces.map(\.expert) == [0, 0, 1, 1, 2, 2, 3, 3])
    let size = output.tensor.byteCount / 8
    #expect(pieces.map(\.offset) == (0..<8).map { $0 * size })
    #expect(pieces.allSatisfy { $0.byteCount == size })
  }

  @Test("a tensor that is not filled traps")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      let (stored, experts) = try OutputTensorTests().experts([.gate])
      _ = OutputTensor(insteadOf: stored, experts: experts, name: "fused", type: .f32)
    }
  }
}
