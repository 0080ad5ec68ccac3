import Checkpoints
import Experts
import Foundation
import TestSupport
import Tensors
import Testing

/// Checks what users read of packed experts that are not, or not yet, read.
@Suite struct PackedRefusalTests {
  static let name = "model.layers.0.mlp.experts.1.up_proj.weight"
  static let advice =
    ", which this version does not read; save the model as BF16 (transformers: load it, then save_pretrained)"

  /// One layer with three experts of 32 x 32, one matrix of which is replaced.
  private static func toy(
    _ tensors: [ToyTensor], keys: [String: JSONText] = [:]
  ) -> ToyCheckpoint {
    var all = keys
    all["hidden_size"] = 32
    all["moe_intermediate_size"] = 32
    all["intermediate_size"] = 32
    var toy = ToyCheckpoint.of("olmoe", keys: all, layerCount: 1)
    toy.addLayer(0, experts: 3, hidden: 32, width: 32)
    toy[name] = nil
    toy.tensors += tensors
    return toy
  }

  /// What is said of the replaced matrix, without the file; nil where it is read.
  private static func problem(
    _ tensors: [ToyTensor], keys: [String: JSONText] = [:]
  ) throws -> String? {
    let folder = try toy(tensors, keys: keys).written()
    let problems = try Checkpoint(path: folder.path).problems.map(\.description)
    #expect(problems.count < 2)
    return problems.first.map { $0.replacing("\(folder.path("model.safetensors")): ", with: "") }
  }

  private static func storage(
    _ tensors: [ToyTensor], keys: [String: JSONText]
  ) throws -> String {
    let folder = try toy(tensors, keys: keys).written()
    return try #require(
      Checkpoint(path: folder.path).layers[0].experts[.up]?[1]
    ).get().storage
  }

  private static func bytes(_ name: String, _ type: ElementType, _ shape: [Int]) -> ToyTensor {
    ToyTensor(
      name: name, type: type, shape: shape,
      bytes: [UInt8](repeating: 0x38, count: shape.reduce(type.bitCount, *) / 8))
  }

  private static func float8(scales shape: [Int], _ type: ElementType = .f32) -> [ToyTensor] {
    [bytes(name, .f8E4M3, [32, 32]), bytes("\(name)_scale_inv", type, shape)]
  }

  // MARK: What config.json says

  @Test("scales of another block than config.json gives are refused, of any where it gives none")
  func blocks() throws {
    let tensors = Self.float8(scales: [1, 4])
    for key in ["quantization_config", "compression_config"] {
      let block: JSONText = ["quant_method": "fp8", "weight_block_size": [16, 16]]
      #expect(
        try Self.problem(tensors, keys: [key: block])
          == "tensor '\(Self.name)_scale_inv' of type F32 is 1 x 4 where FP8 has 2 x 2\(Self.advice)"
      )
      let group: JSONText = ["quant_method": "fp8", "group_size": 16]
      #expect(
        try Self.problem(tensors, keys: [key: group])
          == "tensor '\(Self.name)_scale_inv' of type F32 is 1 x 4 where FP8 has 32 x 2\(Self.advice)"
      )
    }
    let none: JSONText = ["quant_method": "fp8"]
    #expect(
      try Self.storage(tensors, keys: ["quantization_config": none])
        == "FP8 E4M3, a scale for 32 x 8")
  }

  @Test("groups of matrices that differ leave blocks to the tensors, those that agree do not")
  func groups() throws {
    func config(_ second: JSONText) -> [String: JSONText] {
      let first: JSONText = ["weights": ["num_bits": 8, "block_structure": [16, 16]]]
      return [
        "compression_config": [
          "quant_method": "compressed-tensors",
          "config_groups": ["group_0": first, "group_1": ["weights": second]],
        ]
      ]
    }
    let tensors = Self.float8(scales: [1, 4])
    #expect(
      try Self.problem(tensors, keys: config(["num_bits": 8, "block_structure": [16, 16]]))
        == "tensor '\(Self.name)_scale_inv' of type F32 is 1 x 4 where FP8 has 2 x 2\(Self.advice)")
    for second: JSONText in [
      ["num_bits": 8, "block_structure": [32, 8]], ["num_bits": 8, "group_size": 16], [:],
    ] {
      #expect(
        try Self.storage(tensors, keys: config(second)) == "FP8 E4M3, a scale for 32 x 8")
    }
  }

  @Test("a way of quantising in either section asks for scales")
  func method() throws {
    let cast = [Self.bytes(Self.name, .f8E4M3, [32, 32])]
    for key in ["quantization_config", "compression_config"] {
      #expect(
        try Self.problem(cast, keys: [key: ["quant_method": "compressed-tensors"]])
          == "tensor '\(Self.name)' of type F8_E4M3 holds FP8 values without their scales\(Self.advice)"
      )
    }
    #expect(try Self.problem(cast) == nil)
  }

  @Test("a block in config.json that is none is refused with its key")
  func noBlock() throws {
    for key in ["weight_block_size", "block_structure"] {
      let folder = try Self.toy(
        Self.float8(scales: [1, 1]), keys: ["quantization_config": [key: [0, 16]]]
      ).written()
      #expect(
        throws: CheckpointError.badConfig(
          path: folder.path("config.json"), key: key, reason: "is [0, 16], not two positive numbers"
        )
      ) { try Checkpoint(path: folder.path) }
    }
  }

  // MARK: What stands where

  @Test("a companion of another type is named with what should stand there")
  func wrongType() throws {
    #expect(
      try Self.problem(Self.float8(scales: [1, 1], .i32))
        == "tensor '\(Self.name)_scale_inv' of type I32 stands where FP8 has F32 or BF16 or F16 or F8_E8M0 or U8\(Self.advice)"
    )
  }

  @Test("two packings of one matrix are told by both names")
  func twice() throws {
    var toy = Self.toy([
      Self.bytes("\(Self.name)_packed", .i32, [32, 4]),
      Self.bytes("\(Self.name)_scale", .bf16, [32, 1]),
    ])
    toy.tensors.append(ToyTensor(Self.name, .bf16, [32, 32], seed: 4))
    let folder = try toy.written()
    #expect(
      try Checkpoint(path: folder.path).problems.map(\.description) == [
        "\(folder.path("model.safetensors")): the same experts are there as '\(Self.name)' and as '\(Self.name)_packed', and nothing says which are the model's; save the model without one of them"
      ])
  }

  @Test("a stack of experts as one column is refused")
  func ownShape() throws {
    var toy = ToyCheckpoint.of("olmoe", layerCount: 1)
    toy.tensors = [
      ToyTensor("model.layers.0.mlp.gate.weight", .bf16, [3, 8], seed: 1),
      ToyTensor("model.layers.0.mlp.experts.down_proj", .bf16, [3, 8, 6], seed: 3),
    ]
    let name = "model.layers.0.mlp.experts.gate_up_proj"
    toy.tensors += [
      Self.bytes(name, .u8, [3, 48, 1]), Self.bytes("\(name).absmax", .f32, [3, 3]),
      Self.bytes("\(name).quant_map", .f32, [16]),
    ]
    let folder = try toy.written()
    #expect(
      Set(try Checkpoint(path: folder.path).problems.map(\.description)) == [
        "\(folder.path("model.safetensors")): tensor '\(name)' of type U8 holds bitsandbytes values in a shape of their own\(Self.advice)"
      ])
  }

  @Test("a matrix beside the experts whose size nothing tells is refused")
  func noSize() throws {
    var toy = ToyCheckpoint.mixtral()
    let name = "model.layers.0.self_attn.q_proj.weight"
    toy.tensors += [
      Self.bytes("\(name)_packed", .i32, [8, 1]), Self.bytes("\(name)_scale", .bf16, [8, 1]),
    ]
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    let error = #expect(throws: CheckpointError.self) { try checkpoint.packedTensors() }
    #expect(
      error?.description
        == "\(folder.path("model.safetensors")): tensor '\(name)_packed' of type I32 holds compressed-tensors integers values of a matrix of 8 x 1 or 8 x 2, and nothing tells which\(Self.advice)"
    )
  }

  @Test("packings that are not read are told by name", arguments: RefusedPacking.all.map(\.name))
  func refused(packing name: String) throws {
    let packing = try #require(RefusedPacking.all.first { $0.name == name })
    let type: ElementType =
      switch name {
      case "MLX": .u32
      case "Marlin": .i32
      default: .u8
      }
    let stored = try #require(packing.values[0].name(of: Self.name))
    #expect(
      try Self.problem([Self.bytes(stored, type, [32, 32])])
        == "tensor '\(stored)' of type \(type.rawValue) holds values packed by \(name)\(Self.advice)"
    )
  }
}
