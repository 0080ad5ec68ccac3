import Checkpoints
import Experts
import Foundation
import TestSupport
import Tensors
import Testing

/// Checks the recipes of stacked experts in real checkpoints, against slicing of the whole tensors
/// by what each family's code in transformers does.
@Suite struct StackedRecipeTests {
  struct Stacked: CustomTestStringConvertible, Sendable {
    let folder: String
    let layer: Int
    /// What the tensors' names start with.
    let start: String
    let fused: String
    let down: String
    /// Whether inputs stand before outputs.
    let isTransposed: Bool
    /// Whether gate and up take turns in the fused outputs.
    let takesTurns: Bool

    var testDescription: String { folder }
  }

  static let layouts = [
    Stacked(
      folder: "qwen2_moe/fused", layer: 1, start: "model.layers.1.mlp.",
      fused: "experts.gate_up_proj", down: "experts.down_proj", isTransposed: false,
      takesTurns: false),
    Stacked(
      folder: "granitemoe/hub", layer: 0, start: "model.layers.0.block_sparse_moe.",
      fused: "input_linear.weight", down: "output_linear.weight", isTransposed: false,
      takesTurns: false),
    Stacked(
      folder: "llama4_text/hub", layer: 1, start: "model.layers.1.feed_forward.",
      fused: "experts.gate_up_proj", down: "experts.down_proj", isTransposed: true,
      takesTurns: false),
    Stacked(
      folder: "gpt_oss/hub", layer: 1, start: "model.layers.1.mlp.",
      fused: "experts.gate_up_proj", down: "experts.down_proj", isTransposed: true,
      takesTurns: true),
  ]

  @Test("each expert is its share of the stacked tensor", arguments: layouts)
  func experts(layout: Stacked) throws {
    let checkpoint = try Checkpoint(path: Fixture.url("families/\(layout.folder)").path)
    let sizes = checkpoint.sizes
    var reader = WeightReader()
    for projection in Projection.allCases {
      let name = layout.start + (projection == .down ? layout.down : layout.fused)
      let whole = try values(of: name, in: checkpoint)
      let weights = try checkpoint.recipes(ofLayer: layout.layer, projection: projection)
        .map { try $0.get() }
      #expect(weights.count == sizes.expertCount)
      let outputs = projection == .down ? sizes.hiddenSize : sizes.expertWidth
      let inputs = projection == .down ? sizes.expertWidth : sizes.hiddenSize
      let fusedOutputs = projection == .down ? outputs : 2 * outputs
      for (expert, weight) in weights.enumerated() {
        var expected: [Float] = []
        for output in 0..<outputs {
          let stored =
            switch projection {
            case .down: output
            case .gate: layout.takesTurns ? 2 * output : output
            case .up: layout.takesTurns ? 2 * output + 1 : outputs + output
            }
          for input in 0..<inputs {
            let place =
              layout.isTransposed
              ? (expert * inputs + input) * fusedOutputs + stored
              : (expert * fusedOutputs + stored) * inputs + input
            expected.append(whole[place])
          }
        }
        try reader.read(weight)
        #expect(reader.matrix.elements == expected, "\(weight.name)")
        #expect(weight.shape == [outputs, inputs])
        #expect(weight.tensorName == name)
        #expect(weight.byteCount == 2 * outputs * inputs)
        let elements = try reader.elements(of: weight)
        #expect(elements == bf16(expected), "\(weight.name)")
      }
      let names = weights.map(\.name)
      #expect(Set(names).count == names.count)
      let share = projection == .down ? "" : ", \(share(of: projection, layout))"
      #expect(names[2] == "\(name)[2\(share)]")
    }
  }

  @Test("plain experts have the same recipes as they are listed with")
  func plain() throws {
    let checkpoint = try Checkpoint(path: Fixture.url("families/qwen2_moe/hub").path)
    let found = try checkpoint.recipes(ofLayer: 0, projection: .up).map { try $0.get() }
    let listed = try #require(checkpoint.layers[0].experts[.up]).map { try $0.get() }
    #expect(found.map(\.name) == listed.map(\.name))
    #expect(found[3].name == "model.layers.0.mlp.experts.3.up_proj.weight")
  }

  private func share(of projection: Projection, _ layout: Stacked) -> String {
    switch (projection, layout.takesTurns) {
    case (.gate, false): "first half of out"
    case (_, false): "second half of out"
    case (.gate, true): "even of out"
    case (_, true): "odd of out"
    }
  }

  private func values(of name: String, in checkpoint: Checkpoint) throws -> [Float] {
    let (file, tensor) = try #require(checkpoint.stored(name))
    var values = [Float](repeating: 0, count: tensor.byteCount / 2)
    var reader = RowReader()
    try reader.read(rows: 0..<tensor.rowCount, of: tensor, in: file, into: &values)
    return values
  }

  private func bf16(_ values: [Float]) -> [UInt8] {
    values.flatMap { value in
      [UInt8(truncatingIfNeeded: value.bitPattern >> 16), UInt8(value.bitPattern >> 24)]
    }
  }
}
