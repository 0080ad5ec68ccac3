import Files
import Foundation

/// Where a checkpoint lies that somebody names by a path or by what it is called on the hub.
struct CheckpointPlace: Sendable {
  /// What lies there.
  enum Content: Sendable {
    /// A folder with config.json and the weight files.
    case folder(String)
    /// A model in GGUF files.
    case gguf(GGUFFolder)
  }

  /// What lies there.
  let content: Content
  /// The snapshot that the folder is; nil for others.
  let snapshot: HubSnapshot?
  /// What should be said of the choice.
  let remarks: [CheckpointRemark]

  /// Finds the folder, or the files.
  ///
  /// A folder or file of that name goes before a model in the cache.
  ///
  /// - Parameters:
  ///   - given: A folder, a GGUF file, the folder of a model in the hub's cache, or `owner/model`.
  ///   - revision: The revision of a model in the cache; nil for the usual one.
  ///   - cache: The cache.
  /// - Throws: ``CheckpointError``
  init(
    of given: String, revision: String?, cache: HubCache
  ) throws(CheckpointError) {
    var path = given
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    let name = HubName(path)
    guard let status = FileStatus(at: path) else {
      guard let name, !path.hasSuffix(GGUFFolder.ending) || cache.holds(name) else {
        throw .missing(path: path)
      }
      try self.init(try cache.snapshot(of: name, revision: revision))
      return
    }
    if !FileManager.default.fileExists(atPath: "\(path)/config.json"),
      FileManager.default.fileExists(atPath: "\(path)/snapshots")
    {
      let absolute = URL(filePath: path).standardizedFileURL.path
      try self.init(
        try HubSnapshot(
          ofModelAt: path, name: HubName(Checkpoint.name(ofFolder: "\(absolute)/snapshots/-")),
          revision: revision))
      return
    }
    // Links are looked at before anything that they lead to is.
    let holding = HubSnapshot(holding: path)
    try holding?.check()
    // What lacks of a part of a snapshot is not known.
    let snapshot = holding?.path == path ? holding : nil
    let content = try Self.content(of: path, in: snapshot)
    if case .folder = content, status.irregularKind != "a folder" {
      throw ForeignWeights.error(ofFile: path) ?? .notAFolder(path: path)
    }
    if let revision { throw .revisionOfPath(path: path, revision: revision) }
    let isInCacheToo = name.map(cache.holds) ?? false
    self.init(
      content: content, snapshot: snapshot,
      remarks: isInCacheToo ? [.folderBeforeCache(path, cache: cache.path)] : [])
  }

  private init(_ found: HubSnapshot) throws(CheckpointError) {
    try found.check()
    self.init(
      content: try Self.content(of: found.path, in: found), snapshot: found,
      remarks: found.remarks)
  }

  private init(content: Content, snapshot: HubSnapshot?, remarks: [CheckpointRemark]) {
    self.content = content
    self.snapshot = snapshot
    self.remarks = remarks
  }

  private static func content(
    of path: String, in snapshot: HubSnapshot?
  ) throws(CheckpointError) -> Content {
    do throws(CheckpointError) {
      return try GGUFFolder(at: path).map { .gguf($0) } ?? .folder(path)
    } catch {
      throw snapshot?.explained(error) ?? error
    }
  }
}
