import Checkpoints
import Experts
import Foundation
import TestSupport
import Tensors
import Testing

/// Checks that nothing beside packed values is passed over that may change what they mean.
@Suite struct PackedNeighboursTests {
  static let hidden = 32
  static let width = 16
  static let block = "model.layers.0.mlp."

  /// A checkpoint of FP8 experts with a scale for each matrix, in tensors of their own.
  static func toy() -> ToyCheckpoint {
    var toy = ToyCheckpoint(config: [
      "model_type": "qwen3_moe", "hidden_size": 32, "moe_intermediate_size": 16,
      "num_experts": 2, "num_hidden_layers": 1, "num_experts_per_tok": 1,
      "decoder_sparse_step": 1, "mlp_only_layers": [],
      "quantization_config": ["quant_method": "fp8"],
    ])
    toy.tensors.append(ToyTensor(block + "gate.weight", .bf16, [2, hidden], seed: 1))
    for expert in 0..<2 {
      for (name, shape) in [
        ("gate_proj", [width, hidden]), ("up_proj", [width, hidden]),
        ("down_proj", [hidden, width]),
      ] {
        let name = block + "experts.\(expert).\(name).weight"
        toy.tensors.append(bytes(name, shape))
        toy.tensors.append(ToyTensor(name + "_scale", .f32, [1], values: [0.5]))
      }
    }
    return toy
  }

  /// The same with the experts stacked, and one scale for each of them.
  static func stacked() -> ToyCheckpoint {
    var toy = toy()
    toy.tensors.removeLast(toy.tensors.count - 1)
    for (name, shape) in [
      ("experts.gate_up_proj", [2, 2 * width, hidden]), ("experts.down_proj", [2, hidden, width]),
    ] {
      toy.tensors.append(bytes(block + name, shape))
      toy.tensors.append(ToyTensor(block + name + "_scale", .f32, [2], values: [0.5, 2]))
    }
    return toy
  }

  /// Numbers of eight bits, none of them NaN.
  private static func bytes(_ name: String, _ shape: [Int]) -> ToyTensor {
    let count = shape.reduce(1, *)
    return ToyTensor(
      name: name, type: .f8E4M3, shape: shape,
      bytes: (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 % 120 + ($0 % 2) * 128) })
  }

  static func problem(of toy: ToyCheckpoint) throws -> CheckpointError? {
    let folder = try toy.written()
    return try Checkpoint(path: folder.path).problems.first
  }

  @Test("values with their scales alone open, whatever is known to stand beside them")
  func known() throws {
    var toy = Self.toy()
    #expect(try Self.problem(of: toy) == nil)
    let module = Self.block + "experts.1.up_proj"
    toy.tensors.append(ToyTensor(module + ".input_scale", .f32, [1], values: [1]))
    toy.tensors.append(ToyTensor(module + ".bias", .bf16, [Self.width], seed: 2))
    #expect(try Self.problem(of: toy) == nil)
    #expect(try Self.problem(of: Self.stacked()) == nil)
  }

  @Test(
    "what may change them and is not read is refused by name",
    arguments: [
      "pre_quant_scale", "weight_zero_point", "svdquant_lora_a", "scale_weight", "weight.scale",
    ], [[1], [16], [16, 2]])
  func stray(name: String, shape: [Int]) throws {
    var toy = Self.toy()
    let module = Self.block + "experts.1.up_proj"
    toy.tensors.append(ToyTensor("\(module).\(name)", .f32, shape, seed: 3))
    let error = try #require(try Self.problem(of: toy))
    let words = "has beside its FP8 values the tensor '\(module).\(name)' that may change them"
    #expect("\(error)".contains(words), "\(error)")
  }

  @Test("of two scales none is chosen")
  func twoScales() throws {
    var toy = Self.toy()
    let names = (0..<2).map { Self.block + "experts.\($0).up_proj.weight_scale" }
    toy.tensors.append(ToyTensor(names[1] + "_inv", .f32, [1], values: [0.5]))
    let error = try #require(try Self.problem(of: toy))
    #expect("\(error)".contains("the tensor '\(names[0])' that may change them"), "\(error)")
  }

  @Test(
    "so it is beside stacked experts", arguments: ["_pre_quant_scale", "_zero_point", ".extra"])
  func strayBesideStack(name: String) throws {
    var toy = Self.stacked()
    let tensor = Self.block + "experts.down_proj" + name
    toy.tensors.append(ToyTensor(tensor, .f32, [2, 4], seed: 3))
    let error = try #require(try Self.problem(of: toy))
    #expect("\(error)".contains("'\(tensor)' that may change them"), "\(error)")
  }

  @Test("one scale for each of stacked experts is its own")
  func scaleOfExpert() throws {
    let folder = try Self.stacked().written()
    let layer = try Checkpoint(path: folder.path).layers[0]
    var reader = WeightReader()
    let toy = Self.stacked()
    let stored = try #require(toy[Self.block + "experts.down_proj"]).bytes
    for (expert, scale) in [Float(0.5), 2].enumerated() {
      let weight = try #require(layer.experts[.down])[expert].get()
      try reader.read(weight)
      let matrix = reader.matrix
      let first = stored[expert * Self.hidden * Self.width]
      #expect(matrix.elements[0] == scale * Self.e4m3(first))
      #expect(matrix.elements.contains { $0 != 0 })
    }
  }

  private static func e4m3(_ byte: UInt8) -> Float {
    let (exponent, mantissa) = (Int(byte >> 3 & 15), Float(byte & 7))
    let magnitude =
      exponent == 0
      ? mantissa / 8 * Float(sign: .plus, exponent: -6, significand: 1)
      : (1 + mantissa / 8) * Float(sign: .plus, exponent: exponent - 7, significand: 1)
    return byte >= 128 ? -magnitude : magnitude
  }
}
