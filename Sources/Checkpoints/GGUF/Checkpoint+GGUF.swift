import GGUFFiles
import TensorFiles

extension Checkpoint {
  /// Whether its weights are those of GGUF files, which are read and never written.
  public var isGGUF: Bool { survey.files.files.first?.tensors.gguf != nil }

  /// What the family calls a tensor of GGUF files; nil where it has none of the kind, or where
  /// llama.cpp has changed it.
  package func plainName(ofGGUF name: String) -> String? {
    let plain = survey.files.plainName(name)
    return plain == name ? nil : plain
  }

  /// Opens a model in GGUF files, whose metadata are its config.
  ///
  /// - Throws: ``CheckpointError``, and `GGUFError`.
  init(gguf place: GGUFFolder, family chosen: ChosenFamily?, expertWidth: Int?) throws {
    let files = try WeightFiles(gguf: place)
    let model = try GGUFModel(
      path: files.files[0].tensors.path, parts: files.files.compactMap(\.tensors.gguf),
      isFamilyChosen: chosen != nil)
    let usual = FamilyCatalogue.builtIn.family(ofModelType: model.modelType)
    guard let plain = chosen?.family ?? usual else {
      preconditionFailure("gguf.json names the model_type \(model.modelType), which no family has")
    }
    let gguf = GGUFCatalogue.builtIn
    let family = gguf.family(plain)
    let catalogue = (chosen?.catalogue ?? .builtIn).adding(layouts: gguf.layouts)
    let config = try ModelConfig(
      path: model.path, bytes: Array(model.config(of: family, families: catalogue).utf8))
    do {
      try self.init(
        folder: place.path, whole: config, modelType: model.modelType, family: family,
        catalogue: catalogue,
        chosenFamily: chosen.flatMap { $0.identity == usual?.id ? nil : $0.identity },
        expertWidth: expertWidth, files: files, gguf: model.names(in: family, of: catalogue))
    } catch CheckpointError.badConfig(let path, let key?, let reason) {
      throw CheckpointError.badGGUF(
        path: path, key: model.key(of: key, in: family), reason: reason)
    }
  }
}
