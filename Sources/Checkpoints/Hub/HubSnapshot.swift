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

  /// Finds the snapshot in a cache that a folder is, or that a folder or file lies in; nil outside
  /// of any.
  init?(holding path: String) {
    let parts = URL(filePath: path).standardizedFileURL.path.split(separator: "/").map(String.init)
    guard
      let end = parts.indices.dropFirst(3).last(where: {
        parts[$0 - 1] == "snapshots" && parts[$0 - 2].hasPrefix("models--")
      })
    else { return nil }
    let absolute = "/" + parts[...end].joined(separator: "/")
    self.path = end == parts.count - 1 ? path : absolute
    modelFolder = "/" + parts[..<(end - 1)].joined(separator: "/")
    name = HubName(Checkpoint.name(ofFolder: absolute))
    revision = name == nil ? nil : parts[end]
  }

  /// Makes sure that no link of the snapshot leads out of the model's folder, at any depth and
  /// whatever it is called: what is read is chosen later, and conversions copy more than that.
  ///
  /// - Throws: ``CheckpointError/linkLeavesCache(path:target:)``, and
  ///   ``CheckpointError/incompleteSnapshot(path:reason:command:)`` for a link that leads nowhere.
  func check() throws(CheckpointError) {
    let root = resolvedPath(modelFolder) + "/"
    var seen: Set<String> = []
    try check(path, under: root, seen: &seen)
    for file in Self.visible(in: path) where file == "config.json" || file.contains(".safetensors")
    {
      guard FileStatus(at: "\(path)/\(file)") != nil else {
        throw incomplete("the file '\(file)' is a link to nothing")
      }
    }
  }

  private func check(
    _ place: String, under root: String, seen: inout Set<String>
  ) throws(CheckpointError) {
    let target = resolvedPath(place)
    guard "\(target)/".hasPrefix(root) else {
      throw .linkLeavesCache(path: place, target: target)
    }
    // A link may lead to a folder that is looked at already, such as the one that holds it.
    guard FileStatus(at: target)?.irregularKind == "a folder", seen.insert(target).inserted else {
      return
    }
    for name in Self.all(in: place).sorted() {
      try check("\(place)/\(name)", under: root, seen: &seen)
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
    case .incompleteSet(_, let file, _, _):
      incomplete(
        "the file '\(file)' is missing", gguf: file.hasSuffix(".gguf") ? file : nil)
    default: error
    }
  }

  private func incomplete(_ reason: String, gguf file: String? = nil) -> CheckpointError {
    let parts = Self.all(in: "\(modelFolder)/blobs").count { $0.hasSuffix(".incomplete") }
    let unfinished =
      parts == 0 ? "" : ", and \(parts == 1 ? "a file is" : "\(parts) files are") half downloaded"
    return .incompleteSnapshot(
      path: path, reason: reason + unfinished,
      command: name?.downloadCommand(revision: revision, partsOf: file) ?? "hf download")
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
