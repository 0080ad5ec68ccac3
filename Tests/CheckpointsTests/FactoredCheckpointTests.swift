import Checkpoints
import Experts
import TestSupport
import Tensors
import Testing

/// Checks how a checkpoint in the factored SD-MoE form is opened.
@Suite struct FactoredCheckpointTests {
  @Test("the config.json of the original beside factored experts is not theirs")
  func otherConfig() throws {
    var toy = ToyCheckpoint.factoredDeepseek()
    toy.config["sd_moe"] = nil
    let folder = try toy.written()
    let problems = try Checkpoint(path: folder.path).problems
    #expect(problems.count == 6)
    #expect(
      problems.first?.description
        == "\(folder.path("model.safetensors")): tensor 'model.layers.1.mlp.experts.0.gate_proj.unique' is the unique part of an expert that sdmoe split, but by config.json the expert is whole; put the config.json back that 'sdmoe convert' wrote"
    )
  }

  static let start = "model.layers.1.mlp."

  @Test("an ordinary checkpoint has no form")
  func ordinary() throws {
    let folder = try ToyCheckpoint.deepseek().written()
    #expect(try Checkpoint(path: folder.path).form == nil)
  }

  @Test(
    "unique parts stand for weights where the form says so",
    arguments: [
      (SDMoEForm.Mode.exact, SDMoEForm.Sides.both, ElementType.f32), (.exact, .hidden, .f32),
      (.exact, .both, .bf16), (.exact, .hidden, .f16), (.strict, .both, .f32),
      (.strict, .hidden, .f64),
    ])
  func weights(mode: SDMoEForm.Mode, sides: SDMoEForm.Sides, dtype: ElementType) throws {
    let toy = ToyCheckpoint.factoredDeepseek(mode: mode, sides: sides, dtype: dtype)
    let folder = try toy.written(as: .shards(2))
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(
      checkpoint.form == ToyCheckpoint.form(layer: 1, mode: mode, sides: sides, dtype: dtype))
    let factored = checkpoint.layers[0]
    for (projection, ending) in [(Projection.gate, "unique"), (.up, "weight"), (.down, "unique")] {
      let names = try #require(factored.experts[projection]).map { try $0.get().name }
      #expect(
        names == (0..<3).map { "\(Self.start)experts.\($0).\(projection.rawValue).\(ending)" })
      // The ordinary names stay the same.
      #expect(
        checkpoint.expertWeightNames(ofLayer: 1, projection: projection)
          == (0..<3).map { "\(Self.start)experts.\($0).\(projection.rawValue).weight" })
      let plain = try #require(checkpoint.layers[1].experts[projection])
      #expect(try plain.allSatisfy { try $0.get().name.hasSuffix(".weight") })
    }
    #expect(try factored.experts[.gate]?[0].get().elementType == dtype)
    #expect(checkpoint.tensorStart(ofLayer: 1) == Self.start)
  }

  @Test("Mixtral's own names are kept, and the layout is seen where all experts are factored")
  func mixtral() throws {
    var toy = ToyCheckpoint.mixtral()
    var form = ToyCheckpoint.form(layer: 0)
    form.units.append(contentsOf: ToyCheckpoint.form(layer: 1).units)
    for layer in 0...1 {
      form.units.append(
        FactoredUnit(layer: layer, projection: .up, commonRank: 1, originalType: .bf16))
    }
    toy.factor(form, block: "block_sparse_moe", names: .mixtral)
    // Even the routers may be missing: nothing ordinary shows where the experts are.
    for layer in 0...1 { toy["model.layers.\(layer).block_sparse_moe.gate.weight"] = nil }
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(
      checkpoint.problems
        == (0...1).map {
          .missingTensor(
            path: folder.path, tensor: "model.layers.\($0).block_sparse_moe.gate.weight")
        })
    #expect(
      try checkpoint.layers[1].experts[.up]?[2].get().name
        == "model.layers.1.block_sparse_moe.experts.2.w3.unique")
  }

  @Test("experts of another prefix are found by their unique parts alone")
  func prefix() throws {
    var toy = ToyCheckpoint.of("deepseek_v3", keys: ["first_k_dense_replace": 0], layerCount: 1)
    toy.addLayer(of: "deepseek_v3", 0)
    var form = ToyCheckpoint.form(layer: 0)
    form.units.append(
      FactoredUnit(layer: 0, projection: .up, commonRank: 1, originalType: .bf16))
    toy.factor(form, block: "mlp")
    toy["model.layers.0.mlp.gate.weight"] = nil
    toy.tensors = toy.tensors.map { $0.named("language_model." + $0.name) }
    let folder = try toy.written()
    #expect(
      try Checkpoint(path: folder.path).problems == [
        .missingTensor(path: folder.path, tensor: "language_model.model.layers.0.mlp.gate.weight")
      ])
  }

  @Test(
    "each part that is missing is named",
    arguments: [
      "sd.gate_proj.basis.left", "sd.gate_proj.basis.right", "sd.down_proj.common.left",
      "sd.down_proj.common.right", "experts.1.gate_proj.unique",
      "experts.2.down_proj.remainder.left", "experts.0.gate_proj.remainder.right",
      "experts.0.gate_proj.correction.value",
    ])
  func missing(name: String) throws {
    var toy = ToyCheckpoint.factoredDeepseek()
    toy[Self.start + name] = nil
    let folder = try toy.written()
    let expected = CheckpointError.missingTensor(path: folder.path, tensor: Self.start + name)
    let problems = try Checkpoint(path: folder.path).problems
    // Without its sibling, common.right is measured against the common rank.
    #expect(problems.contains(expected))
    #expect(problems.count == (name == "sd.down_proj.common.left" ? 2 : 1))
  }

  @Test(
    "each part of another shape is named",
    arguments: [
      ("sd.gate_proj.basis.left", [6, 3], [6, 2]), ("sd.gate_proj.basis.right", [2, 8], [8, 2]),
      ("sd.down_proj.basis.left", [6, 2], [8, 2]), ("sd.gate_proj.common.right", [4, 6], [4, 8]),
      ("experts.1.gate_proj.unique", [8, 6], [6, 8]),
      ("experts.2.down_proj.remainder.left", [6, 2], [8, 2]),
      ("experts.0.gate_proj.remainder.right", [8, 2], [2, 8]),
      ("experts.0.gate_proj.correction.value", [4], [3]),
    ])
  func wrongShape(name: String, shape: [Int], expected: [Int]) throws {
    var toy = ToyCheckpoint.factoredDeepseek()
    let type = try #require(toy[Self.start + name]).description.elementType
    toy[Self.start + name] = ToyTensor(Self.start + name, type, shape, seed: 1)
    let folder = try toy.written()
    #expect(
      try Checkpoint(path: folder.path).problems == [
        .wrongShape(
          path: folder.path("model.safetensors"), tensor: Self.start + name, shape: shape,
          expected: expected)
      ])
  }

  @Test(
    "each part of another type is named",
    arguments: [
      ("sd.gate_proj.basis.left", ElementType.f64, ElementType.f32),
      ("sd.down_proj.common.right", .bf16, .f32),
      ("experts.2.down_proj.remainder.left", .f16, .f32),
      ("experts.0.gate_proj.correction.index", .i64, .i32),
      ("experts.0.gate_proj.correction.value", .f16, .bf16),
    ])
  func wrongType(name: String, type: ElementType, expected: ElementType) throws {
    var toy = ToyCheckpoint.factoredDeepseek()
    let shape = try #require(toy[Self.start + name]).description.shape
    toy[Self.start + name] = ToyTensor(Self.start + name, type, shape, seed: 1)
    let folder = try toy.written()
    #expect(
      try Checkpoint(path: folder.path).problems == [
        .wrongType(
          path: folder.path("model.safetensors"), tensor: Self.start + name, elementType: type,
          expected: expected)
      ])
  }

  @Test("the common part may have any rank up to twice the common one", arguments: [1, 3, 5])
  func commonRank(rank: Int) throws {
    var toy = ToyCheckpoint.factoredDeepseek()
    let names = FactoredNames(start: Self.start, projection: .gate)
    toy[names.commonLeft] = ToyTensor(names.commonLeft, .f32, [6, rank], seed: 1)
    toy[names.commonRight] = ToyTensor(names.commonRight, .f32, [rank, 8], seed: 2)
    let folder = try toy.written()
    let problems = try Checkpoint(path: folder.path).problems
    #expect(problems.isEmpty == (rank <= 4))
  }

  @Test(
    "a unit that the model cannot have is refused",
    arguments: [
      (0, 2, "layer", "is 0, but the layers with experts are 1-2"),
      (1, 6, "common_rank", "is 6, which leaves nothing of matrices of 6 x 8"),
      (1, .max, "common_rank", "is \(Int.max), which leaves nothing of matrices of 6 x 8"),
    ])
  func impossible(layer: Int, rank: Int, key: String, reason: String) throws {
    var toy = ToyCheckpoint.deepseek()
    toy.config["sd_moe"] = JSONText(
      verbatim: ToyCheckpoint.form(layer: layer, commonRank: rank).json)
    let folder = try toy.written()
    #expect(
      throws: CheckpointError.badConfig(
        path: folder.path("config.json"), key: "sd_moe.units[0].\(key)", reason: reason)
    ) {
      try Checkpoint(path: folder.path)
    }
  }

  @Test("a dense layer with factored experts is told")
  func unexpected() throws {
    var toy = ToyCheckpoint.factoredDeepseek()
    let name = "model.layers.0.mlp.experts.0.gate_proj.unique"
    toy.tensors.append(ToyTensor(name, .f32, [6, 8], seed: 1))
    let folder = try toy.written()
    #expect(
      try Checkpoint(path: folder.path).problems == [
        .unexpectedExperts(path: folder.path, layer: 0, tensor: name)
      ])
  }

  @Test("every file and tensor can be reached, and the bytes of config.json")
  func files() throws {
    let toy = ToyCheckpoint.factoredDeepseek()
    let folder = try toy.written(as: .shards(2))
    let checkpoint = try Checkpoint(path: folder.path)
    let files = checkpoint.weightFiles
    #expect(files.map(\.name) == ["model-1-of-2.safetensors", "model-2-of-2.safetensors"])
    #expect(files.map(\.file.path) == files.map { folder.path($0.name) })
    #expect(
      Set(files.flatMap { $0.file.tensors.map(\.name) }) == Set(toy.tensors.map(\.name)))
    for tensor in toy.tensors {
      let stored = try #require(checkpoint.stored(tensor.name))
      #expect(stored.tensor == tensor.description)
      #expect(stored.file.tensors.contains(tensor.description))
    }
    #expect(checkpoint.stored("nothing") == nil)
    #expect(checkpoint.configBytes == Array(JSONText(toy.config).text.utf8))
  }
}
