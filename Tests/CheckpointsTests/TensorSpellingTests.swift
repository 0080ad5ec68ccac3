import Checkpoints
import Experts
import Foundation
import HDF5Files
import TestSupport
import Tensors
import Testing

/// Checks that names are found whatever wrappers of a model add to them.
@Suite struct TensorSpellingTests {
  /// A toy with each name changed.
  private func toy(
    _ toy: ToyCheckpoint = .deepseek(), _ change: (String) -> String
  ) -> ToyCheckpoint {
    var changed = toy
    changed.tensors.append(ToyTensor("lm_head.weight", .bf16, [4, 8], seed: 77))
    changed.tensors = changed.tensors.map { $0.named(change($0.name)) }
    return changed
  }

  private func expectRead(
    _ toy: ToyCheckpoint, _ remark: String?, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for form in [ToyCheckpoint.Form.single, .shards(2), .hdf5(.nested)] {
      let folder = try toy.written(as: form)
      let checkpoint = try Checkpoint(path: folder.path)
      #expect(checkpoint.problems == [], sourceLocation: sourceLocation)
      #expect(
        checkpoint.remarks.map(\.description) == [remark].compactMap(\.self),
        sourceLocation: sourceLocation)
      for tensor in toy.tensors {
        // Names stay those of the files, and mean what they mean without the words.
        let use = try #require(checkpoint.use(of: tensor.name), sourceLocation: sourceLocation)
        let names = checkpoint.tensorNames(of: use.role, inLayer: use.layer)
        #expect(names.contains(tensor.name), sourceLocation: sourceLocation)
      }
      for layer in checkpoint.layers {
        for projection in Projection.allCases {
          let weights = try (layer.experts[projection] ?? []).map { try $0.get().tensorName }
          #expect(
            checkpoint.expertWeightNames(ofLayer: layer.index, projection: projection) == weights,
            sourceLocation: sourceLocation)
        }
      }
    }
  }

  @Test("The family's own names are told to nobody")
  func plain() throws { try expectRead(toy { $0 }, nil) }

  @Test(
    "Whatever stands in front of all names is found, told and passed over",
    arguments: [
      ("module.", "'module'"), ("_orig_mod.", "'_orig_mod'"),
      ("base_model.model.", "'base_model.model'"),
      ("language_model.", "'language_model'"), ("_fsdp_wrapped_module.", "'_fsdp_wrapped_module'"),
      ("_forward_module.", "'_forward_module'"), ("policy.net.", "'policy.net'"),
      ("_orig_mod.module.base_model.model.", "'_orig_mod', 'module', 'base_model.model'"),
      ("base_model._orig_mod.model.", "'_orig_mod', 'base_model.model'"),
    ])
  func front(words: String, told: String) throws {
    let wrapped = toy { words + $0 }
    try expectRead(wrapped, "the names of tensors are read without \(told)")
    let folder = try wrapped.written()
    #expect(
      try Checkpoint(path: folder.path).tensorStart(ofLayer: 1) == words + "model.layers.1.mlp.")
  }

  @Test("Words of wrappers are passed over in the middle of names too, in some layers or all")
  func middle() throws {
    try expectRead(
      toy {
        $0.replacing("layers.2.", with: "layers.2._checkpoint_wrapped_module.")
          .replacing("gate.weight", with: "gate._orig_mod.weight")
          .replacing("experts.1.", with: "experts.1._fsdp_wrapped_module.")
      },
      "the names of tensors are read without '_checkpoint_wrapped_module', '_fsdp_wrapped_module', '_orig_mod'"
    )
  }

  @Test(
    "Layers may stand behind what the family is not saved with",
    arguments: [
      (
        "model.inner.",
        "the layers stand behind 'model.inner.', which is not how this family is saved"
      ),
      ("", "the names of layers begin with 'layers.', which is not how this family is saved"),
    ])
  func otherPrefix(prefix: String, told: String) throws {
    try expectRead(toy { $0.replacing(/^model\./, with: prefix) }, told)
  }

  @Test(
    "Layers may have another word before their number, which is told",
    arguments: ["transformer.h.", "model.blocks.", "h.", "module.transformer.block."])
  func otherWord(start: String) throws {
    let named = toy { $0.replacing("model.layers.", with: start) }
    let inner = start.replacing("module.", with: "")
    let folder = try named.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(
      checkpoint.remarks.map(\.description).last
        == "the layers stand behind '\(inner)', which is not how this family is saved")
    #expect(checkpoint.tensorStart(ofLayer: 1) == "\(start)1.mlp.")
    if start == inner {
      try expectRead(
        named, "the layers stand behind '\(start)', which is not how this family is saved")
    }
  }

  @Test("Layers behind two other words are not read as either's")
  func twoWords() throws {
    var both = toy { $0.replacing("model.layers.", with: "student.h.") }
    both.tensors += toy { $0.replacing("model.layers.", with: "teacher.h.") }.tensors
      .filter { $0.name.hasPrefix("teacher") }
    let folder = try both.written()
    let problems = try Checkpoint(path: folder.path).problems
    #expect(problems.count == 1 && "\(problems)".contains("student.h.1.mlp.experts.0"))
  }

  @Test("Heads for multi-token prediction beside the model do not make it two")
  func multiTokenPrediction() throws {
    var wrapped = toy { "base." + $0 }
    wrapped.tensors.append(ToyTensor("base.mtp.layers.0.mlp.gate.weight", .bf16, [3, 8], seed: 3))
    let folder = try wrapped.written()
    #expect(try Checkpoint(path: folder.path).problems == [])
  }

  @Test("Two models behind prefixes are refused by name")
  func twoModels() throws {
    var both = toy { "student.\($0)" }
    both.tensors += toy { "teacher.\($0)" }.tensors
    let folder = try both.written()
    expectRefusal(
      of: folder.path,
      .severalModels(path: folder.path, prefixes: ["student.model.", "teacher.model."]))
  }

  @Test("The family's own names go before the same behind other words")
  func exactFirst() throws {
    var both = toy { $0 }
    both.tensors += toy { "ema.\($0)" }.tensors
    let folder = try both.written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(checkpoint.tensorStart(ofLayer: 1) == "model.layers.1.mlp.")
  }

  @Test("A name with and without words of wrappers must mean the same")
  func twoVersions() throws {
    let name = "model.layers.1.mlp.experts.0.gate_proj.weight"
    var both = toy { $0 }
    let tensor = try #require(both[name])
    both.tensors.append(tensor.named("_orig_mod.\(name)"))
    let same = try both.written()
    #expect(try Checkpoint(path: same.path).problems == [])
    both["_orig_mod.\(name)"] = ToyTensor(
      "_orig_mod.\(name)", .bf16, tensor.description.shape, seed: 1234)
    let other = try both.written()
    let path = other.path("model.safetensors")
    expectRefusal(
      of: other.path,
      .twoVersions(tensor: name, first: path, otherTensor: "_orig_mod.\(name)", second: path))
  }

  @Test("A missing tensor is named as the files would name it")
  func missing() throws {
    let name = "module.model.layers.1.mlp.experts.0.gate_proj.weight"
    var wrapped = toy { "module.\($0)" }
    wrapped[name] = nil
    let folder = try wrapped.written()
    #expect(
      try Checkpoint(path: folder.path).problems
        == [.missingTensor(path: folder.path, tensor: name)])
  }

  @Test("Experts below an adapter that is not merged are not taken for the model's")
  func adapter() throws {
    let name = "base_model.model.model.layers.1.mlp.experts.0.gate_proj.weight"
    let inner = name.replacing(".weight", with: ".base_layer.weight")
    var wrapped = toy { "base_model.model.\($0)" }
    wrapped[name] = wrapped[name]?.named(inner)
    wrapped.tensors.append(
      ToyTensor(
        name.replacing(".weight", with: ".lora_A.default.weight"), .bf16, [6, 8], seed: 5))
    let folder = try wrapped.written()
    #expect(
      try Checkpoint(path: folder.path).problems == [
        .missingTensor(
          path: folder.path("model.safetensors"), tensor: name,
          reason: "'\(inner)' stands in its place, beside an adapter that is not merged")
      ])
  }
}
