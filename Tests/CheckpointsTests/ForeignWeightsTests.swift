import Checkpoints
import Experts
import Foundation
import Tensors
import TestSupport
import Testing

/// Checks what is said of weights in formats that are not read, and of those that look like them.
@Suite struct ForeignWeightsTests {
  static let folders: [(files: [String], shown: String, format: String, advice: String)] = [
    (
      [".metadata", "__0_0.distcp", "__1_0.distcp"], ".metadata",
      "a PyTorch distributed checkpoint",
      "merge it with 'accelerate merge-weights FOLDER merged', or where Megatron-Core wrote it export it with Megatron-Bridge, and analyse that"
    ),
    (
      ["__0_0.distcp"], "__0_0.distcp", "a PyTorch distributed checkpoint",
      "merge it with 'accelerate merge-weights FOLDER merged', or where Megatron-Core wrote it export it with Megatron-Bridge, and analyse that"
    ),
    (
      ["config.json", "optimizer.bin", "pytorch_model_fsdp_0/__0_0.distcp"],
      "pytorch_model_fsdp_0", "the shards of an FSDP run",
      "merge them with 'accelerate merge-weights FOLDER merged', and analyse what it writes beside the model's config.json"
    ),
    (
      ["iter_0000001/mp_rank_00/model_optim_rng.pt", "latest_checkpointed_iteration.txt"],
      "iter_0000001", "a Megatron checkpoint",
      "export it to the Hugging Face form with Megatron-Bridge (AutoBridge, export_ckpt), and analyse that"
    ),
    (
      ["mp_rank_00/model_optim_rng.pt"], "mp_rank_00", "a Megatron checkpoint",
      "export it to the Hugging Face form with Megatron-Bridge (AutoBridge, export_ckpt), and analyse that"
    ),
    (
      ["model_optim_rng.pt"], "model_optim_rng.pt", "a Megatron checkpoint",
      "export it to the Hugging Face form with Megatron-Bridge (AutoBridge, export_ckpt), and analyse that"
    ),
    (
      [
        "config.json", "global_step10/zero_pp_rank_0_mp_rank_00_model_states.pt", "zero_to_fp32.py",
      ],
      "global_step10", "a DeepSpeed ZeRO checkpoint",
      "merge it in that folder with 'python zero_to_fp32.py . merged --safe_serialization', and analyse what it writes"
    ),
    (
      ["pytorch_model_fsdp.bin"], "pytorch_model_fsdp.bin", "the shards of an FSDP run",
      "merge them with 'accelerate merge-weights FOLDER merged', and analyse what it writes beside the model's config.json"
    ),
    (
      ["bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt"],
      "bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt", "a DeepSpeed ZeRO checkpoint",
      "merge it in that folder with 'python zero_to_fp32.py . merged --safe_serialization', and analyse what it writes"
    ),
    (
      ["latest_checkpointed_iteration.txt"], "latest_checkpointed_iteration.txt",
      "a Megatron checkpoint",
      "export it to the Hugging Face form with Megatron-Bridge (AutoBridge, export_ckpt), and analyse that"
    ),
    (
      ["_CHECKPOINT_METADATA"], "_CHECKPOINT_METADATA", "an Orbax checkpoint",
      "export it to the Hugging Face form with the program that wrote it, and analyse that"
    ),
    (
      ["model.onnx", "model.onnx_data"], "model.onnx", "ONNX",
      "analyse the model that was exported, in safetensors"
    ),
    (
      ["model.onnx_data"], "model.onnx_data", "ONNX",
      "analyse the model that was exported, in safetensors"
    ),
    (
      ["tf_model-00001-of-00002.h5"], "tf_model-00001-of-00002.h5", "TensorFlow",
      "load it with transformers 4 (from_pretrained with from_tf=True), save it (save_pretrained), and analyse that"
    ),
    (
      ["saved_model.pb"], "saved_model.pb", "TensorFlow",
      "load it with transformers 4 (from_pretrained with from_tf=True), save it (save_pretrained), and analyse that"
    ),
    (
      ["model.ckpt.index"], "model.ckpt.index", "TensorFlow",
      "load it with transformers 4 (from_pretrained with from_tf=True), save it (save_pretrained), and analyse that"
    ),
    (
      ["config.json", "tf_model.h5"], "tf_model.h5", "TensorFlow",
      "load it with transformers 4 (from_pretrained with from_tf=True), save it (save_pretrained), and analyse that"
    ),
    (
      ["config.json", "flax_model.msgpack"], "flax_model.msgpack", "Flax (.msgpack)",
      "load it with transformers 4 (from_pretrained with from_flax=True), save it (save_pretrained), and analyse that"
    ),
    (
      ["model.nemo"], "model.nemo", "a NeMo archive (.nemo)",
      "export it to the Hugging Face form with NeMo or Megatron-Bridge, and analyse that"
    ),
    (
      ["d/x", "manifest.ocdbt"], "manifest.ocdbt", "an Orbax checkpoint",
      "export it to the Hugging Face form with the program that wrote it, and analyse that"
    ),
    (
      ["consolidated.safetensors", "params.json"], "params.json", "Mistral's programs name them",
      "put the config.json beside them that the model has on the hub, or take the model in the Hugging Face form"
    ),
  ]

  @Test("A folder of another program is refused with what makes it readable", arguments: folders)
  func folder(files: [String], shown: String, format: String, advice: String) throws {
    let folder = try TemporaryFolder()
    for file in files { try folder.write("x", as: file) }
    let error = CheckpointError.foreignFormat(
      path: folder.path(shown), format: format, advice: advice)
    expectRefusal(of: folder.path, error)
    #expect(
      error.description
        == "\(folder.path(shown)): holds weights as \(format), which sdmoe does not read; \(advice)"
    )
  }

  @Test("What other programs leave beside weights that are read does not matter")
  func beside() throws {
    let folder = try ToyCheckpoint.mixtral().written()
    for file in ["zero_to_fp32.py", "global_step3/x.pt", "model.onnx", "params.json", "x.bin"] {
      try folder.write("x", as: file)
    }
    #expect(try Checkpoint(path: folder.path).problems == [])
  }

  @Test("Names of Mistral's own programs are read where there is a config.json")
  func mistral() throws {
    var toy = ToyCheckpoint.mixtral()
    toy.tensors = toy.tensors.map { tensor in
      tensor.named(
        tensor.name.replacing(/^model\./, with: "")
          .replacing("block_sparse_moe", with: "feed_forward"))
    }
    let folder = try toy.written()
    try FileManager.default.moveItem(
      atPath: folder.path("model.safetensors"), toPath: folder.path("consolidated.safetensors"))
    try folder.write("{}", as: "params.json")
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(checkpoint.remarks == [])
    let name = try checkpoint.layers[0].experts[.gate]?.first?.get().name
    #expect(name == "layers.0.feed_forward.experts.0.w1.weight")
  }

  // MARK: MLX

  @Test("MLX's stacks of numbers as they were are read, as any stack is")
  func stacks() throws {
    let toy = ToyCheckpoint.deepseek()
    let twin = try toy.written()
    let folder = try Self.repacked(toy, values: .whole).written()
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    for layer in try Checkpoint(path: twin.path).layers {
      for (projection, weights) in layer.experts {
        let other = try #require(
          checkpoint.layers.first { $0.index == layer.index }?.experts[projection])
        #expect(other.count == weights.count)
        for (one, two) in zip(weights, other) {
          var reader = WeightReader()
          try reader.read(try one.get())
          let expected = reader.matrix
          try reader.read(try two.get())
          #expect(reader.matrix == expected)
        }
      }
    }
  }

  @Test("What MLX quantised is refused by name")
  func quantised() throws {
    let folder = try Self.repacked(.deepseek(), values: .quantised).written()
    let checkpoint = try Checkpoint(path: folder.path)
    let stem = "model.layers.1.mlp.switch_mlp.gate_proj"
    let problem = try #require(checkpoint.problems.first)
    #expect(
      problem.description
        == "\(folder.path("model.safetensors")): tensor '\(stem).weight' of type U32 holds values packed by MLX, which this version does not read; save the model as BF16 (transformers: load it, then save_pretrained)"
    )
    #expect(checkpoint.unmeasured().isEmpty)
  }

  private enum Values { case whole, quantised }

  /// The same model with the experts of each layer in one tensor, as mlx-lm puts them.
  private static func repacked(_ toy: ToyCheckpoint, values: Values) throws -> ToyCheckpoint {
    var toy = toy
    var stacks: [String: [ToyTensor]] = [:]
    for tensor in toy.tensors {
      guard let match = tensor.name.firstMatch(of: /\.experts\.(\d+)\./) else { continue }
      let name = tensor.name.replacingCharacters(in: match.range, with: ".switch_mlp.")
      stacks[name, default: []].append(tensor)
    }
    toy.tensors.removeAll { $0.name.contains(".experts.") }
    for (name, members) in stacks.sorted(by: { $0.key < $1.key }) {
      let shape = [members.count] + members[0].description.shape
      switch values {
      case .whole:
        toy.tensors.append(
          ToyTensor(
            name: name, type: members[0].description.elementType, shape: shape,
            bytes: members.flatMap(\.bytes)))
      case .quantised:
        let stem = name.dropLast(".weight".count)
        let rows = shape[0] * shape[1]
        toy.tensors.append(
          ToyTensor(
            name: name, type: .u32, shape: [shape[0], shape[1], 1],
            bytes: [UInt8](repeating: 1, count: 4 * rows)))
        for part in ["scales", "biases"] {
          toy.tensors.append(
            ToyTensor(
              name: "\(stem).\(part)", type: .bf16, shape: [shape[0], shape[1], 1],
              bytes: [UInt8](repeating: 0, count: 2 * rows)))
        }
      }
    }
    return toy
  }
}
