import GGUFFiles
import TensorFiles

extension WeightFiles {
  /// Opens the files of a model.
  ///
  /// - Throws: ``CheckpointError/badGGUF(path:key:reason:)`` where they are not the parts of one
  ///   model, and `GGUFError`.
  init(gguf folder: GGUFFolder) throws {
    let files = try zip(folder.names, folder.paths).map { name, path in
      File(name: name, tensors: try StoredTensors(gguf: path))
    }
    try Self.checkParts(files.compactMap(\.tensors.gguf))
    try self.init(
      files: files,
      folder: WeightFolder(
        path: folder.folder, files: folder.names,
        remarks: folder.others.isEmpty
          ? []
          : [.unreadFiles(folder.others, reason: "\(folder.names[0]) is the language model")]))
  }

  /// Checks that files are all the parts of one model, as their metadata say.
  private static func checkParts(_ parts: [GGUFFile]) throws(CheckpointError) {
    let total = parts.reduce(0) { $0 + $1.tensors.count }
    for (place, part) in parts.enumerated() {
      func mistake(_ key: String, _ reason: String) -> CheckpointError {
        .badGGUF(path: part.path, key: key, reason: reason)
      }
      if let count = part.metadata["split.count"]?.integer, count != parts.count {
        throw mistake(
          "split.count",
          "says that the model has \(count) parts, and \(parts.count) of that name "
            + (parts.count == 1 ? "is here" : "are here"))
      }
      if parts.count > 1, let number = part.metadata["split.no"]?.integer, number != place {
        throw mistake("split.no", "says that it is part \(number + 1), and its name \(place + 1)")
      }
      if let count = part.metadata["split.tensors.count"]?.integer, count != total {
        throw mistake(
          "split.tensors.count", "says that the parts have \(count) tensors, and they have \(total)"
        )
      }
    }
  }
}
