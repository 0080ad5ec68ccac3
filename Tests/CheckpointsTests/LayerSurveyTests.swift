import Checkpoints
import Experts
import Foundation
import HDF5Files
import TestSupport
import Tensors
import Testing

/// Checks what is said of single tensors: missing, misshapen, of types that are not read.
@Suite struct LayerSurveyTests {
  static let start = "model.layers.1.mlp."

  @Test(
    "a missing tensor is named, and nothing else is",
    arguments: [
      "gate.weight", "experts.0.gate_proj.weight", "experts.2.up_proj.weight",
      "experts.1.down_proj.weight", "shared_experts.gate_proj.weight",
      "shared_experts.up_proj.weight", "shared_experts.down_proj.weight",
    ])
  func missing(name: String) throws {
    var toy = ToyCheckpoint.deepseek()
    toy[Self.start + name] = nil
    let folder = try toy.written(as: .shards(2))
    let checkpoint = try Checkpoint(path: folder.path)
    let problem = CheckpointError.missingTensor(path: folder.path, tensor: Self.start + name)
    #expect(checkpoint.problems == [problem])
    #expect(checkpoint.layers[0].problems == [problem])
    #expect(checkpoint.layers[1].problems == [])
  }

  @Test("a whole expert missing gives one problem for each projection")
  func missingExpert() throws {
    var toy = ToyCheckpoint.deepseek()
    let names = ["gate_proj", "up_proj", "down_proj"].map { Self.start + "experts.2.\($0).weight" }
    for name in names { toy[name] = nil }
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(
      checkpoint.problems == names.map { .missingTensor(path: folder.path, tensor: $0) })
    // The others keep their places.
    let gates = try #require(checkpoint.layers[0].experts[.gate])
    #expect(gates.count == 3)
    #expect(try gates[1].get().name == Self.start + "experts.1.gate_proj.weight")
  }

  @Test(
    "what an HDF5 file has under the name of a tensor without being one is told with the reason")
  func skipped() throws {
    var toy = ToyCheckpoint.deepseek()
    let names = (1...2).map { "model.layers.\($0).mlp.gate.weight" }
    for name in names { toy[name] = nil }
    let folder = try toy.written(as: .hdf5(.nested))
    let path = folder.path("more.h5")
    try FileManager.default.copyItem(
      at: Fixture.url("hdf5/skipped-weight.h5"), to: URL(filePath: path))
    #expect(
      try Checkpoint(path: folder.path).problems == [
        .missingTensor(path: path, tensor: names[0], reason: "its elements are strings"),
        .missingTensor(
          path: path, tensor: names[1], reason: "it was declared but never written"),
      ])
  }

  @Test(
    "a shape other than the config says",
    arguments: [
      ("gate.weight", [4, 8], [3, 8]), ("gate.weight", [8, 3], [3, 8]),
      ("experts.1.gate_proj.weight", [7, 8], [6, 8]),
      // Transposed.
      ("experts.1.gate_proj.weight", [8, 6], [6, 8]),
      ("experts.1.up_proj.weight", [8, 6], [6, 8]),
      ("experts.1.down_proj.weight", [6, 8], [8, 6]),
      ("experts.0.up_proj.weight", [48], [6, 8]), ("experts.0.up_proj.weight", [], [6, 8]),
      ("experts.0.up_proj.weight", [1, 6, 8], [6, 8]),
      ("experts.0.up_proj.weight", [0, 8], [6, 8]),
      ("shared_experts.down_proj.weight", [8, 6], [8, 12]),
    ])
  func wrongShape(name: String, shape: [Int], expected: [Int]) throws {
    var toy = ToyCheckpoint.deepseek()
    toy[Self.start + name] = ToyTensor(Self.start + name, .bf16, shape, seed: 9)
    let folder = try toy.written()
    #expect(
      try Checkpoint(path: folder.path).problems == [
        .wrongShape(
          path: folder.path("model.safetensors"), tensor: Self.start + name, shape: shape,
          expected: expected)
      ])
  }

  @Test(
    "a type that is not read",
    arguments: [
      ElementType.i8, .u8, .i32, .bool, .f8E8M0, .i64,
    ])
  func unreadableType(type: ElementType) throws {
    let name = Self.start + "experts.1.up_proj.weight"
    var toy = ToyCheckpoint.deepseek()
    toy[name] = ToyTensor(name, type, [6, 8], seed: 0)
    let plain = try toy.written()
    #expect(
      try Checkpoint(path: plain.path).problems == [
        .unsupported(
          path: plain.path("model.safetensors"), tensor: name, elementType: type.rawValue,
          reason: "holds quantised or packed values")
      ])
    toy.tensors.append(ToyTensor("\(name)_scale_inv", .f32, [1, 1], values: [1]))
    let scaled = try toy.written()
    #expect(
      try Checkpoint(path: scaled.path).problems == [
        .unsupported(
          path: scaled.path("model.safetensors"), tensor: name, elementType: type.rawValue,
          reason: "holds quantised or packed values, with '\(name)_scale_inv' beside it")
      ])
  }

  @Test("every type that can be decoded is taken", arguments: [ElementType.f64, .f32, .f16, .bf16])
  func readableType(type: ElementType) throws {
    var toy = ToyCheckpoint.of("olmoe", layerCount: 1)
    toy.addLayer(0, experts: 3, hidden: 8, width: 6, type: type)
    let folder = try toy.written()
    #expect(try Checkpoint(path: folder.path).problems == [])
  }

  @Test("experts in a layer that the config calls dense")
  func unexpectedExperts() throws {
    var toy = ToyCheckpoint.deepseek()
    toy.addLayer(0, experts: 3, hidden: 8, width: 6)
    let folder = try toy.written()
    #expect(
      try Checkpoint(path: folder.path).problems == [
        .unexpectedExperts(
          path: folder.path, layer: 0, tensor: "model.layers.0.mlp.experts.0.gate_proj.weight")
      ])
  }

  @Test("stacked experts in a layer that the config calls dense")
  func unexpectedStack() throws {
    var toy = ToyCheckpoint.deepseek()
    let name = "model.layers.0.mlp.experts.gate_up_proj"
    toy.tensors.append(ToyTensor(name, .bf16, [3, 12, 8], seed: 1))
    let folder = try toy.written()
    #expect(
      try Checkpoint(path: folder.path).problems == [
        .unexpectedExperts(path: folder.path, layer: 0, tensor: name)
      ])
  }

  @Test(
    "where nothing is called as in the family, that is told, and no missing tensor",
    arguments: [
      (".", "/", "so save the model with the names that"), ("mlp.", "ffn.", "--family FILE"),
      ("mlp.experts.", "mlp.Experts.", "--family FILE"),
    ])
  func strangeNames(usual: String, other: String, advice: String) throws {
    var toy = ToyCheckpoint.deepseek()
    toy.tensors = toy.tensors.map { $0.named($0.name.replacing(usual, with: other)) }
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems.count == 1)
    let text = checkpoint.problems.first?.description ?? ""
    let sample = "model.layers.1.mlp.experts.0.down_proj.weight".replacing(usual, with: other)
    #expect(
      text.hasPrefix(
        "\(folder.path): no expert is called as in the family deepseek_v2, but there is tensor '\(sample)'; "
      ))
    #expect(text.contains(advice))
  }

  @Test("problems come in the order of layers and tensors")
  func order() throws {
    var toy = ToyCheckpoint.deepseek()
    let names = [
      "model.layers.1.mlp.gate.weight", "model.layers.1.mlp.experts.1.gate_proj.weight",
      "model.layers.1.mlp.shared_experts.gate_proj.weight",
      "model.layers.1.mlp.experts.0.down_proj.weight",
      "model.layers.2.mlp.experts.0.gate_proj.weight",
      "model.layers.2.mlp.experts.2.gate_proj.weight",
    ]
    for name in names.reversed() { toy[name] = nil }
    let folder = try toy.written()
    #expect(
      try Checkpoint(path: folder.path).problems
        == names.map { .missingTensor(path: folder.path, tensor: $0) })
  }

  // MARK: Scales

  @Test("scales beside plain weights are told, since nothing applies them")
  func strayScales() throws {
    var toy = ToyCheckpoint.deepseek()
    let weights = toy.tensors.map(\.name).filter { $0.contains(".experts.0.") }
    for name in weights {
      toy.tensors.append(ToyTensor("\(name)_scale_inv", .f32, [1, 1], seed: 5))
    }
    // Of inputs they say nothing about weights.
    toy.tensors.append(
      ToyTensor("model.layers.1.mlp.experts.0.up_proj.input_scale", .f32, [1], seed: 6))
    let folder = try toy.written()
    let first = try #require(weights.min())
    #expect(
      try Checkpoint(path: folder.path).remarks.map(\.description) == [
        "\(weights.count) scales of weights that are plain numbers are not applied, such as '\(first)_scale_inv': the weights count as they stand"
      ])
  }
}
