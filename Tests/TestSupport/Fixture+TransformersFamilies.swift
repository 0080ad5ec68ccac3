import Foundation

extension Fixture {
  /// Makes a checkpoint of the small model of a type of transformers, in one of its two forms.
  ///
  /// - Parameters:
  ///   - type: The `model_type`.
  ///   - form: `hub`, with the names of published checkpoints, or `fused`, with those of transformers.
  ///   - path: The folder to make.
  /// - Throws: What the file manager throws.
  public static func copyTransformersModel(
    _ type: String, _ form: String, to path: String
  ) throws {
    let source = url("transformers-families/\(type)")
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    for (name, copy) in [
      ("config.json", "config.json"), ("\(form).safetensors", "model.safetensors"),
    ] {
      try FileManager.default.copyItem(
        at: source.appending(path: name), to: URL(filePath: "\(path)/\(copy)"))
    }
  }
}
