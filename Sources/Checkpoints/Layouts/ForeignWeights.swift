import Foundation

/// Weights in a format that is not read, known by the names of files and folders.
struct ForeignWeights: Sendable {
  /// What the format is called.
  let format: String
  /// What to do with them; nil for what is said of any.
  let advice: String?
  /// Names that show it: whole, or with `*` for what stands before or behind.
  private let names: [String]

  private init(_ names: [String], _ format: String, advice: String? = nil) {
    self.names = names
    self.format = format
    self.advice = advice
  }

  /// The formats, those that others may contain first.
  private static let all = [
    ForeignWeights(
      ["zero_to_fp32.py", "global_step*", "*_zero_pp_rank_*"],
      "a DeepSpeed ZeRO checkpoint",
      advice:
        "merge it in that folder with 'python zero_to_fp32.py . merged --safe_serialization', and analyse what it writes"
    ),
    ForeignWeights(
      ["pytorch_model_fsdp_*", "pytorch_model_fsdp.bin"], "the shards of an FSDP run",
      advice:
        "merge them with 'accelerate merge-weights FOLDER merged', and analyse what it writes beside the model's config.json"
    ),
    ForeignWeights(
      ["latest_checkpointed_iteration.txt", "iter_*", "mp_rank_*", "model_optim_rng.pt"],
      "a Megatron checkpoint",
      advice:
        "export it to the Hugging Face form with Megatron-Bridge (AutoBridge, export_ckpt), and analyse that"
    ),
    ForeignWeights(
      [".metadata", "*.distcp"], "a PyTorch distributed checkpoint",
      advice:
        "merge it with 'accelerate merge-weights FOLDER merged', or where Megatron-Core wrote it export it with Megatron-Bridge, and analyse that"
    ),
    ForeignWeights(
      ["manifest.ocdbt", "_CHECKPOINT_METADATA"], "an Orbax checkpoint",
      advice: "export it to the Hugging Face form with the program that wrote it, and analyse that"
    ),
    ForeignWeights(["*.bin"], "PyTorch pickles (.bin)"),
    ForeignWeights(["*.pt"], "PyTorch pickles (.pt)"),
    ForeignWeights(["*.pth"], "PyTorch pickles (.pth)"),
    ForeignWeights(["*.npz"], "NumPy archives (.npz)"),
    ForeignWeights(
      ["*.onnx", "*.onnx_data"], "ONNX",
      advice: "analyse the model that was exported, in safetensors"),
    ForeignWeights(
      ["tf_model.h5", "tf_model-*", "saved_model.pb", "*.ckpt.index"], "TensorFlow",
      advice:
        "load it with transformers 4 (from_pretrained with from_tf=True), save it (save_pretrained), and analyse that"
    ),
    ForeignWeights(
      ["*.msgpack"], "Flax (.msgpack)",
      advice:
        "load it with transformers 4 (from_pretrained with from_flax=True), save it (save_pretrained), and analyse that"
    ),
    ForeignWeights(
      ["*.nemo"], "a NeMo archive (.nemo)",
      advice: "export it to the Hugging Face form with NeMo or Megatron-Bridge, and analyse that"),
  ]

  /// The format of a file by its name; nil for others.
  static func error(ofFile path: String) -> CheckpointError? {
    let name = (path as NSString).lastPathComponent
    return all.first { $0.fits(name) }.map {
      .foreignFormat(path: path, format: $0.format, advice: $0.advice)
    }
  }

  /// What to say of a folder that holds such weights and none that are read; nil where all is well.
  static func error(inFolder folder: String) -> CheckpointError? {
    // A folder that cannot be listed is told so when its files are opened.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? []
    let weights = names.filter {
      WeightFolder.speaksOfWeights($0) && !$0.hasPrefix("tf_model")
    }
    guard weights.isEmpty else {
      guard names.contains("params.json"), !names.contains("config.json") else { return nil }
      return .foreignFormat(
        path: "\(folder)/params.json", format: "Mistral's programs name them",
        advice:
          "put the config.json beside them that the model has on the hub, or take the model in the Hugging Face form"
      )
    }
    for format in all {
      if let name = names.first(where: { format.fits($0) && $0 != "training_args.bin" }) {
        return .foreignFormat(
          path: "\(folder)/\(name)", format: format.format, advice: format.advice)
      }
    }
    return nil
  }

  private func fits(_ name: String) -> Bool {
    names.contains { pattern in
      let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
      guard parts.count > 1 else { return name == pattern }
      guard name.hasPrefix(parts[0]), name.hasSuffix(parts[parts.count - 1]) else { return false }
      return parts.dropFirst().dropLast().allSatisfy { name.contains($0) }
    }
  }
}
