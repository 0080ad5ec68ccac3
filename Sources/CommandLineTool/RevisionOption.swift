import ArgumentParser

/// Which revision of a model in the Hugging Face cache is read.
struct RevisionOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The branch, tag or commit of a model in the Hugging Face cache, or what only one commit begins with. (default: main)",
      valueName: "name"))
  var revision: String?
}

extension ArgumentHelp {
  /// What every command says that reads a checkpoint.
  static let checkpoint = ArgumentHelp(
    "A folder that holds config.json and the weight files, a GGUF file, or what a model in the Hugging Face cache is called, such as Qwen/Qwen1.5-MoE-A2.7B."
  )
}

extension CompletionKind {
  /// Folders, and the files that can be opened without one.
  static var checkpoint: CompletionKind { .file(extensions: ["gguf"]) }
}
