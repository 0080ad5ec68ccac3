import Checkpoints
import Experts
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks the plan of a tensor of the output that many experts fill.
@Suite struct OutputTensorTests {
  private func pieces(
    _ projections: [Projection], of folder: String, layer: Int
  ) throws -> [OutputTensor.Piece] {
    let checkpoint = try Checkpoint(path: Fixture.url("families/\(folder)").path)
    return projections.enumerated().flatMap { unit, projection in
      checkpoint.expertPlaces(ofLayer: layer, projection: projection).enumerated().map {
        OutputTensor.Piece(unit: unit, expert: $0.offset, place: $0.element)
      }
    }
  }

  @Test(
    "gate and up of all experts are the tensor of the checkpoint, in the type of the output",
    arguments: [
      ("granitemoe/hub", 0, "model.layers.0.block_sparse_moe.input_linear.weight"),
      ("qwen2_moe/fused", 1, "model.layers.1.mlp.experts.gate_up_proj"),
      ("llama4_text/hub", 1, "model.layers.1.feed_forward.experts.gate_up_proj"),
      ("gpt_oss/hub", 0, "model.layers.0.mlp.experts.gate_up_proj"),
    ])
  func fused(folder: String, layer: Int, name: String) throws {
    let checkpoint = try Checkpoint(path: Fixture.url("families/\(folder)").path)
    let stored = try #require(checkpoint.tensor(named: name))
    let pieces = try pieces([.gate, .up], of: folder, layer: layer)
    let output = OutputTensor(of: pieces, type: .f32)
    #expect(output.tensor.name == name)
    #expect(output.tensor.shape == stored.shape)
    #expect(output.tensor.byteCount == 2 * stored.byteCount)
    let weights = try [Projection.gate, .up].flatMap {
      try checkpoint.recipes(ofLayer: layer, projection: $0).map { try $0.get() }
    }
    #expect(pieces.map(\.place.name) == weights.map(\.name))
  }

  @Test("packed experts belong into the tensor of plain ones, whose outputs are columns")
  func packed() throws {
    let places = try pieces([.up], of: "gpt_oss_mxfp4/hub", layer: 1).map(\.place)
    let name = "model.layers.1.mlp.experts.gate_up_proj"
    #expect(places.map(\.name) == (0..<4).map { "\(name)[\($0), odd of out]" })
    #expect(places.allSatisfy { $0.shape == [4, 64, 64] })
  }

  @Test("a tensor that is not filled traps")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      let pieces = try OutputTensorTests().pieces([.gate], of: "granitemoe/hub", layer: 0)
      _ = OutputTensor(of: pieces, type: .f32)
    }
  }
}
