import Checkpoints
import Files
import Foundation

/// The files of a checkpoint's folder that are not weights, and those that are left behind.
struct CarriedFiles: Sendable {
  /// The files to copy, as paths inside the folder, sorted; config.json among them.
  let names: [String]
  /// What is not copied: weights in other files than those in use, hidden folders, and links to a
  /// folder that they lie in.
  let leftBehind: [String]

  /// What this program writes itself.
  static let ownNames = OwnFiles.allNames.union(["model.safetensors.index.json"])

  private static let weightEndings = [
    ".safetensors", ".safetensors.index.json", ".bin.index.json", ".bin", ".pt", ".pth", ".gguf",
    ".h5", ".hdf5", ".npz", ".msgpack", ".onnx", ".ckpt",
  ]

  /// What programs note of quantised weights, which says nothing of decoded ones: ModelOpt, AutoGPTQ
  /// and GPTQModel, AutoAWQ, AutoRound and ExLlamaV3, optimum-quanto, llm-compressor.
  private static let quantisationNotes: Set = [
    "hf_quant_config.json", "quantize_config.json", "quant_config.json",
    "quantization_config.json", "quanto_qmap.json", "recipe.yaml",
  ]

  /// Lists the files of a folder and its subfolders.
  ///
  /// - Parameters:
  ///   - checkpoint: The checkpoint in it.
  ///   - isDecoded: Whether quantised weights are decoded.
  /// - Throws: ``DecouplingError/fileSystem(path:doing:reason:)``
  init(of checkpoint: Checkpoint, isDecoded: Bool = false) throws {
    let used = Set(checkpoint.weightFiles.map(\.name))
    var names: [String] = []
    var leftBehind: [String] = []
    // The folders that lead to where the visit is: links may lead back to them.
    var entered: [String] = []
    func visit(_ folder: String) throws {
      let path = folder.isEmpty ? checkpoint.path : "\(checkpoint.path)/\(folder)"
      let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      guard !entered.contains(place) else { return leftBehind.append(folder) }
      entered.append(place)
      defer { entered.removeLast() }
      let entries: [String]
      do {
        let content = try FolderContent(of: path)
        if let name = content.misnamed.first {
          throw DecouplingError.fileSystem(
            path: path, doing: "read its file \(name)", reason: "the name is not UTF-8; rename it")
        }
        entries = content.names
      } catch is SystemError {
        throw DecouplingError.fileSystem(
          path: path, doing: "list this folder", reason: "no permission")
      }
      for entry in entries {
        let name = folder.isEmpty ? entry : "\(folder)/\(entry)"
        if used.contains(name) || Self.ownNames.contains(name) { continue }
        guard let status = FileStatus(at: "\(checkpoint.path)/\(name)") else {
          throw DecouplingError.fileSystem(
            path: "\(checkpoint.path)/\(name)", doing: "read", reason: "it is a link to nothing")
        }
        if status.irregularKind == "a folder", !entry.hasPrefix(".") {
          try visit(name)
        } else if status.irregularKind != nil || Self.isWeights(entry)
          || isDecoded && Self.quantisationNotes.contains(name)
        {
          leftBehind.append(name)
        } else {
          names.append(name)
        }
      }
    }
    try visit("")
    self.names = names
    self.leftBehind = leftBehind
  }

  private static func isWeights(_ name: String) -> Bool {
    name != "training_args.bin" && weightEndings.contains { name.hasSuffix($0) }
  }
}
