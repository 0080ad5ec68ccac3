import Files
import GGUFFiles

/// Which GGUF files are one model: a file, all its parts, or those of a folder that holds nothing
/// else.
struct GGUFFolder: Sendable {
  /// What was named: a file or a folder.
  let path: String
  /// The folder that the files lie in.
  let folder: String
  /// The files, sorted by name.
  let names: [String]
  /// Where they lie, as the user would write it.
  let paths: [String]
  /// Other GGUF files of the folder.
  let others: [String]

  /// Looks at what lies at a path; nil where a checkpoint of another format is meant.
  ///
  /// - Throws: ``CheckpointError/incompleteSet(path:file:sample:count:)`` and
  ///   ``CheckpointError/severalGGUF(path:names:)``
  init?(at path: String) throws(CheckpointError) {
    guard let status = FileStatus(at: path) else { return nil }
    self.path = path
    if status.irregularKind == nil {
      guard path.hasSuffix(Self.ending) || GGUFFile.hasSignature(at: path) else { return nil }
      let parts = path.split(separator: "/", omittingEmptySubsequences: false)
      let name = String(parts.last ?? "")
      folder = parts.count == 1 ? "." : parts.dropLast().joined(separator: "/")
      let neighbours = ((try? FolderContent(of: folder.isEmpty ? "/" : folder))?.names ?? [])
        .filter { $0.hasSuffix(Self.ending) }
      let set = FileSet.sets(of: neighbours).first { $0.parts.contains(name) }
      names = try Self.whole(set, in: folder) ?? [name]
      paths = names.map { $0 == name ? path : "\(parts.dropLast().map { "\($0)/" }.joined())\($0)" }
      others = []
    } else {
      guard let content = try? FolderContent(of: path) else { return nil }
      let isOther = content.names.contains(where: WeightFolder.speaksOfWeights)
      let all = content.names.filter { $0.hasSuffix(Self.ending) }
      guard !isOther, !all.isEmpty else { return nil }
      // Projectors of images and statistics of quantisation stand beside models.
      let models = all.filter { name in
        !["mmproj", "imatrix"].contains { name.lowercased().contains($0) }
      }
      let sets = FileSet.sets(of: models.isEmpty ? all : models)
      guard sets.count == 1 else { throw .severalGGUF(path: path, names: sets.map(\.name)) }
      folder = path
      let chosen = try Self.whole(sets[0], in: path) ?? []
      names = chosen
      paths = chosen.map { "\(path)/\($0)" }
      others = all.filter { !chosen.contains($0) }
    }
  }

  /// What the names of such files end in.
  static let ending = ".gguf"

  /// The files of a set, none of which is missing; nil where there is no set.
  private static func whole(_ set: FileSet?, in folder: String) throws(CheckpointError) -> [String]?
  {
    guard let set else { return nil }
    if let (missing, sample) = set.missing {
      throw .incompleteSet(path: folder, file: missing, sample: sample, count: set.parts.count)
    }
    return set.parts
  }
}
