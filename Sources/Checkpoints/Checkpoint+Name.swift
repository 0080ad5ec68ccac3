import Foundation

extension Checkpoint {
  /// What people call the checkpoint: `owner/model` in the cache of the Hugging Face hub, else the
  /// name of its folder.
  ///
  /// It tells readers which checkpoint is meant; it never tells checkpoints apart.
  public var name: String { Self.name(ofFolder: URL(filePath: path).standardizedFileURL.path) }

  /// Reads a name off an absolute path.
  ///
  /// Source: huggingface_hub, "Understand caching": a model lies in
  /// `models--OWNER--MODEL/snapshots/REVISION`.
  package static func name(ofFolder path: String) -> String {
    let components = path.split(separator: "/").map(String.init)
    let prefix = "models--"
    if components.count >= 3, components[components.count - 2] == "snapshots",
      components[components.count - 3].hasPrefix(prefix)
    {
      return components[components.count - 3].dropFirst(prefix.count)
        .split(separator: "--", maxSplits: 1).joined(separator: "/")
    }
    return components.last ?? path
  }
}
