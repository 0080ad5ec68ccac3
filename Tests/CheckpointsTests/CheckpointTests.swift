import Checkpoints
import Experts
import Foundation
import HDF5Files
import TestSupport
import Tensors
import Testing

/// Checks where a checkpoint and its tensors are looked for.
@Suite struct CheckpointTests {
  @Test("tells what is in the folder")
  func facts() throws {
    let toy = ToyCheckpoint.deepseek()
    let folder = try toy.written(as: .shards(3))
    let checkpoint = try Checkpoint(path: folder.path + "//")
    #expect(checkpoint.path == folder.path)
    #expect(checkpoint.family == "deepseek_v2")
    #expect(checkpoint.modelType == "deepseek_v2")
    #expect(checkpoint.tensorCount == 2 * (1 + 3 * 4))
    #expect(checkpoint.fileCount == 3)
    let sizes = try (1...3).map { shard in
      try Data(contentsOf: URL(filePath: folder.path("model-\(shard)-of-3.safetensors"))).count
    }
    #expect(checkpoint.byteCount == sizes.reduce(0, +))
    #expect(checkpoint.problems == [])
  }

  @Test("every form of the same tensors is the same checkpoint")
  func forms() throws {
    let toy = ToyCheckpoint.deepseek()
    let forms: [ToyCheckpoint.Form] = [
      .single, .shards(1), .shards(5), .hdf5(.dotted), .hdf5(.nested),
    ]
    for form in forms {
      let folder = try toy.written(as: form)
      let checkpoint = try Checkpoint(path: folder.path)
      #expect(checkpoint.problems == [])
      for weight in checkpoint.layers.flatMap(\.weights) {
        let expected = try #require(toy[weight.name])
        #expect(weight.shape == expected.description.shape)
        #expect(weight.storedType == expected.description.elementType)
        #expect(try values(of: weight) == values(of: expected))
      }
    }
  }

  @Test("layers for multi-token prediction, past num_hidden_layers, are passed over")
  func multiTokenPrediction() throws {
    var toy = ToyCheckpoint.of(
      "deepseek_v3", keys: ["first_k_dense_replace": 1, "num_nextn_predict_layers": 2],
      layerCount: 3)
    for layer in 1...4 { toy.addLayer(of: "deepseek_v3", layer) }
    // Even a broken one is nobody's business.
    toy["model.layers.4.mlp.experts.1.up_proj.weight"] = nil
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.layers.map(\.index) == [1, 2])
    #expect(checkpoint.sizes.layerCount == 3)
    #expect(checkpoint.problems == [])
  }

  @Test("the layout may change from layer to layer")
  func mixedLayouts() throws {
    var toy = ToyCheckpoint.of("mixtral", layerCount: 3)
    toy.addLayer(of: "mixtral", 0)
    toy.addLayer(of: "mixtral", 2)
    // Layer 1 as transformers 5 may write it: another block, experts stacked.
    toy.tensors += [
      ToyTensor("model.layers.1.mlp.gate.weight", .bf16, [3, 8], seed: 1),
      ToyTensor("model.layers.1.mlp.experts.gate_up_proj", .bf16, [3, 12, 8], seed: 2),
      ToyTensor("model.layers.1.mlp.experts.down_proj", .bf16, [3, 8, 6], seed: 3),
    ]
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.layers.map(\.index) == [0, 1, 2])
    #expect(checkpoint.problems == [])
    #expect(try checkpoint.layers[1].router.get().name == "model.layers.1.mlp.gate.weight")
    let up = try #require(checkpoint.layers[1].experts[.up])
    #expect(up.count == 3)
    #expect(
      try up[2].get().name == "model.layers.1.mlp.experts.gate_up_proj[2, second half of out]")
    #expect(try up[2].get().shape == [6, 8])
  }

  @Test("the same experts in two layouts are refused, and so are two packings of one")
  func twice() throws {
    var toy = ToyCheckpoint.of("olmoe", layerCount: 1)
    toy.addLayer(0, experts: 3, hidden: 8, width: 6)
    toy.tensors += [
      ToyTensor("model.layers.0.mlp.experts.gate_up_proj", .bf16, [3, 12, 8], seed: 2),
      ToyTensor("model.layers.0.mlp.experts.down_proj", .bf16, [3, 8, 6], seed: 3),
    ]
    let folder = try toy.written()
    let foundFolder = try Checkpoint(path: folder.path).problems
    #expect(
      foundFolder == [
        .storedTwice(
          path: folder.path("model.safetensors"),
          tensor: "model.layers.0.mlp.experts.0.gate_proj.weight",
          other: "model.layers.0.mlp.experts.gate_up_proj")
      ])
    var other = ToyCheckpoint.of("olmoe", layerCount: 1)
    other.addLayer(0, experts: 3, hidden: 8, width: 6)
    let name = "model.layers.0.mlp.experts.1.up_proj"
    other.tensors += [
      ToyTensor("\(name).weight_packed", .i32, [6, 1], values: [1, 2, 3, 4, 5, 6]),
      ToyTensor("\(name).weight_scale", .bf16, [6, 1], seed: 3),
    ]
    let second = try other.written()
    let foundSecond = try Checkpoint(path: second.path).problems
    #expect(
      foundSecond == [
        .storedTwice(
          path: second.path("model.safetensors"), tensor: "\(name).weight",
          other: "\(name).weight_packed")
      ])
  }

  @Test(
    "tensors are found under each prefix of the family",
    arguments: [
      ("qwen3_5_moe", "model.language_model."), ("qwen3_5_moe", "model."),
      ("deepseek_v3", "model."), ("deepseek_v3", "language_model.model."),
      ("llama4", "language_model.model."), ("glm4_moe", "model.language_model."),
    ])
  func prefixes(type: String, prefix: String) throws {
    let base = type == "llama4" ? "llama4_text" : type
    var toy = ToyCheckpoint.of(
      base, keys: ["model_type": JSONText(stringLiteral: type), "first_k_dense_replace": 1],
      layerCount: 3)
    let layers = ["qwen3_5_moe", "llama4"].contains(type) ? [0, 1, 2] : [1, 2]
    for layer in layers { toy.addLayer(of: base, layer) }
    toy.tensors = toy.tensors.map {
      $0.named(prefix + $0.name.dropFirst("model.".count))
    }
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.layers.map(\.index) == layers)
    #expect(checkpoint.problems == [])

    // A missing router does not hide the prefix: it alone is reported, under its real name.
    let router = type == "llama4" ? "feed_forward.router.weight" : "mlp.gate.weight"
    for layer in layers {
      var broken = toy
      let name = "\(prefix)layers.\(layer).\(router)"
      broken[name] = nil
      let folder = try broken.written()
      #expect(
        try Checkpoint(path: folder.path).problems
          == [.missingTensor(path: folder.path, tensor: name)])
    }
  }

  @Test("V4's tensors stand without any prefix")
  func noPrefix() throws {
    var names = ToyLayerNames.mixtral
    (names.prefix, names.block) = ("", "ffn")
    var toy = ToyCheckpoint.of("deepseek_v4", keys: ["n_routed_experts": 3], layerCount: 1)
    toy.addLayer(0, names: names, experts: 3, hidden: 8, width: 6)
    let folder = try toy.written()
    #expect(try Checkpoint(path: folder.path).problems == [])
  }

  @Test("keys are read from text_config where the family has them there")
  func textConfig() throws {
    var toy = ToyCheckpoint.of("qwen3_5_moe_text", layerCount: 1)
    toy.addLayer(of: "qwen3_5_moe_text", 0)
    let text = JSONText(toy.config)
    // The outer sizes are those of another part of the model and must not be taken.
    toy.config = [
      "model_type": "qwen3_5_moe", "text_config": text, "hidden_size": 99, "num_experts": 77,
      "num_hidden_layers": 55,
    ]
    let outer = try toy.written()
    let checkpoint = try Checkpoint(path: outer.path)
    #expect(checkpoint.modelType == "qwen3_5_moe")
    #expect(checkpoint.sizes.hiddenSize == 8)
    #expect(checkpoint.sizes.expertCount == 3)
    #expect(checkpoint.problems == [])
    // Without a model_type outside, the one inside tells the family.
    toy.config["model_type"] = nil
    let inner = try toy.written()
    #expect(try Checkpoint(path: inner.path).modelType == "qwen3_5_moe_text")
  }

  @Test("Infinity and NaN in config.json, as Python writes them, do no harm")
  func infinity() throws {
    var toy = ToyCheckpoint.mixtral()
    toy.config["rope_scaling"] = JSONText(
      verbatim: #"{"bounds": [-Infinity, {"high": Infinity}], "x": NaN}"#)
    let folder = try toy.written()
    #expect(try Checkpoint(path: folder.path).problems == [])
  }

  @Test("sizes given once for each layer count as one where they agree")
  func listedSizes() throws {
    var toy = ToyCheckpoint.mixtral()
    toy.config["num_local_experts"] = [3, 3]
    let folder = try toy.written()
    #expect(try Checkpoint(path: folder.path).sizes.expertCount == 3)
    toy.config["hidden_size"] = [8, 9]
    let other = try toy.written()
    #expect(
      throws: CheckpointError.badConfig(
        path: other.path("config.json"), key: "hidden_size", reason: "is not a whole number")
    ) {
      try Checkpoint(path: other.path)
    }
  }

  @Test("a model in the hub's cache is found through refs/main, its files being links")
  func hubCache() throws {
    let source = try ToyCheckpoint.deepseek().written(as: .shards(2))
    let folder = try TemporaryFolder()
    let revision = "0123456789abcdef"
    let manager = FileManager.default
    try folder.write(revision + "\n", as: "refs/main")
    try folder.write("an older one", as: "snapshots/fedcba9876543210/config.json")
    try manager.createDirectory(
      atPath: folder.path("blobs"), withIntermediateDirectories: true)
    try manager.createDirectory(
      atPath: folder.path("snapshots/\(revision)"), withIntermediateDirectories: true)
    for (number, name) in try manager.contentsOfDirectory(atPath: source.path).enumerated() {
      try manager.moveItem(atPath: source.path(name), toPath: folder.path("blobs/\(number)"))
      try manager.createSymbolicLink(
        atPath: folder.path("snapshots/\(revision)/\(name)"),
        withDestinationPath: "../../blobs/\(number)")
    }
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.path == folder.path("snapshots/\(revision)"))
    #expect(checkpoint.problems == [])
    #expect(checkpoint.fileCount == 2)
  }

  @Test("one safetensors file of any name needs no index")
  func singleFileOfAnyName() throws {
    let folder = try ToyCheckpoint.mixtral().written()
    try FileManager.default.moveItem(
      atPath: folder.path("model.safetensors"), toPath: folder.path("weights.safetensors"))
    #expect(try Checkpoint(path: folder.path).problems == [])
  }

  @Test("layers are chosen by number: ascending, each once")
  func chosenLayers() throws {
    let folder = try ToyCheckpoint.deepseek().written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(try checkpoint.layers(numbered: nil).map(\.index) == [1, 2])
    #expect(try checkpoint.layers(numbered: [2, 1, 2]).map(\.index) == [1, 2])
    for layer in [0, 3, -1] {
      #expect(
        throws: CheckpointError.noSuchLayer(
          path: folder.path, layer: layer, layerCount: 3, moeLayers: [1, 2])
      ) {
        try checkpoint.layers(numbered: [1, layer])
      }
    }
  }

  private func values(of weight: Weight) throws -> [Float] {
    var reader = WeightReader()
    try reader.read(weight)
    return reader.matrix.elements
  }

  private func values(of tensor: ToyTensor) -> [Float] {
    // BF16 is the upper half of a Float.
    stride(from: 0, to: tensor.bytes.count, by: 2).map { place in
      Float(
        bitPattern: UInt32(tensor.bytes[place]) << 16 | UInt32(tensor.bytes[place + 1]) << 24)
    }
  }
}
