import Files
import Foundation

/// One revision of a model in the cache of the hub.
struct HubSnapshot: Sendable {
  /// The folder with the links to the files.
  let path: String
  /// What the model is called.
  let name: HubName?
  /// The revision that was asked for.
  let revision: String?
  /// What was taken without being asked for.
  private(set) var remarks: [CheckpointRemark] = []
  /// The folder of the model, to which links must lead.
  private let modelFolder: String

  /// Chooses a snapshot in the folder of a model.
  ///
  /// - Parameters:
  ///   - folder: The folder `models--OWNER--NAME`.
  ///   - name: What the model is called; nil where the folder does not tell.
  ///   - revision: A branch, a tag, a commit or what only one commit begins with; nil for `main`, or
  ///     the only snapshot.
  /// - Throws: ``CheckpointError/notInCache(name:revision:cache:held:command:)`` and
  ///   ``CheckpointError/severalSnapshots(path:revision:held:)``.
  init(ofModelAt folder: String, name: HubName?, revision: String?) throws(CheckpointError) {
    let held = Self.visible(in: "\(folder)/snapshots")
    let wanted = revision ?? "main"
    let commit: String
    if let named = Self.commit(of: wanted, in: folder) {
      // What a reference names may not be there yet.
      commit = held.contains(named) ? named : ""
    } else if revision == nil, held.count == 1 {
      commit = held[0]
      remarks = [.onlySnapshot(commit)]
    } else if revision != nil {
      let fitting =
        held.contains(wanted)
        ? [wanted] : held.filter { !wanted.isEmpty && $0.hasPrefix(wanted) }
      guard fitting.count < 2 else {
        throw .severalSnapshots(path: folder, revision: revision, held: fitting)
      }
      commit = fitting.first ?? ""
    } else {
      guard held.isEmpty else {
        throw .severalSnapshots(path: folder, revision: nil, held: held)
      }
      commit = ""
    }
    guard !commit.isEmpty else {
      throw .notInCache(
        name: name?.description ?? folder, revision: revision,
        cache: (folder as NSString).deletingLastPathComponent,
        held: Self.references(in: folder) + held,
        command: name?.downloadCommand(revision: revision) ?? "hf download")
    }
    path = "\(folder)/snapshots/\(commit)"
    self.name = name
    self.revision = revision
    modelFolder = folder
  }

  /// Takes a folder as a snapshot, where it lies as one in a cache; nil where it does not.
  init?(at path: String) {
    let absolute = URL(filePath: path).standardizedFileURL.path
    let parts = absolute.split(separator: "/").map(String.init)
    guard parts.count >= 3, parts[parts.count - 2] == "snapshots",
      parts[parts.count - 3].hasPrefix("models--")
    else { return nil }
    self.path = path
    modelFolder = "/" + parts.dropLast(2).joined(separator: "/")
    name = HubName(Checkpoint.name(ofFolder: absolute))
    revision = name == nil ? nil : parts.last
  }

  /// Makes sure that no link of the snapshot leads out of the model's folder.
  ///
  /// - Throws: ``CheckpointError/linkLeavesCache(path:target:)``, and
  ///   ``CheckpointError/incompleteSnapshot(path:reason:command:)`` for a link that leads nowhere.
  func check() throws(CheckpointError) {
    guard lies(path, in: modelFolder) else {
      throw .linkLeavesCache(path: path, target: resolvedPath(path))
    }
    for file in Self.visible(in: path)
    where ["config.json"].contains(file) || file.contains(".safetensors") {
      guard lies("\(path)/\(file)", in: modelFolder) else {
        throw .linkLeavesCache(path: "\(path)/\(file)", target: resolvedPath("\(path)/\(file)"))
      }
      guard FileManager.default.fileExists(atPath: "\(path)/\(file)") else {
        throw incomplete("the file '\(file)' is a link to nothing")
      }
    }
  }

  /// What an error means here: where files are missing, the download was not finished.
  func explained(_ error: CheckpointError) -> CheckpointError {
    switch error {
    case .noConfig: incomplete("config.json is missing")
    case .noWeights: incomplete("there are no weight files")
    case .missingShards(_, let files, _):
      incomplete(
        "the file '\(files[0])'\(files.count > 1 ? " and \(files.count - 1) more are" : " is") missing"
      )
    case .incompleteSet(_, let file, _, _): incomplete("the file '\(file)' is missing")
    default: error
    }
  }

  private func incomplete(_ reason: String) -> CheckpointError {
    let parts = Self.all(in: "\(modelFolder)/blobs").count { $0.hasSuffix(".incomplete") }
    let unfinished =
      parts == 0 ? "" : ", and \(parts == 1 ? "a file is" : "\(parts) files are") half downloaded"
    return .incompleteSnapshot(
      path: path, reason: reason + unfinished,
      command: name?.downloadCommand(revision: revision) ?? "hf download")
  }

  /// The commit of a branch or tag; nil where there is no such reference.
  private static func commit(of revision: String, in folder: String) -> String? {
    let parts = revision.split(separator: "/", omittingEmptySubsequences: false)
    guard !parts.contains(""), !parts.contains(".."), !parts.contains("."),
      let data = FileManager.default.contents(atPath: "\(folder)/refs/\(revision)")
    else { return nil }
    let commit = String(decoding: data, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    return commit.isEmpty || commit.contains("/") || commit.hasPrefix(".") ? nil : commit
  }

  /// The branches and tags whose commits are known.
  private static func references(in folder: String) -> [String] {
    let all = (try? FileManager.default.subpathsOfDirectory(atPath: "\(folder)/refs")) ?? []
    return all.filter { commit(of: $0, in: folder) != nil }.sorted()
  }

  private static func visible(in folder: String) -> [String] {
    all(in: folder).filter { !$0.hasPrefix(".") }.sorted()
  }

  private static func all(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  }
}
