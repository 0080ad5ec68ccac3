import Foundation

/// Where a checkpoint lies that somebody names by a path or by what it is called on the hub.
struct CheckpointPlace: Sendable {
  /// The folder with config.json and the weight files.
  let folder: String
  /// The snapshot that the folder is; nil outside of the hub's cache.
  let snapshot: HubSnapshot?
  /// What should be said of the choice.
  let remarks: [CheckpointRemark]

  /// Finds the folder.
  ///
  /// A folder of that name goes before a model in the cache.
  ///
  /// - Parameters:
  ///   - given: A folder, the folder of a model in the hub's cache, or `owner/model`.
  ///   - revision: The revision of a model in the cache; nil for the usual one.
  ///   - cache: The cache.
  /// - Throws: ``CheckpointError``
  init(
    of given: String, revision: String?, cache: HubCache
  ) throws(CheckpointError) {
    var path = given
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    let name = HubName(path)
    let manager = FileManager.default
    var isFolder: ObjCBool = false
    // Safe: Foundation writes one Boolean there during the call.
    guard unsafe manager.fileExists(atPath: path, isDirectory: &isFolder) else {
      guard let name else { throw .missing(path: path) }
      try self.init(try cache.snapshot(of: name, revision: revision))
      return
    }
    guard isFolder.boolValue else {
      throw ForeignWeights.error(ofFile: path) ?? .notAFolder(path: path)
    }
    if !manager.fileExists(atPath: "\(path)/config.json"),
      manager.fileExists(atPath: "\(path)/snapshots")
    {
      let absolute = URL(filePath: path).standardizedFileURL.path
      try self.init(
        try HubSnapshot(
          ofModelAt: path, name: HubName(Checkpoint.name(ofFolder: "\(absolute)/snapshots/-")),
          revision: revision))
      return
    }
    if let revision { throw .revisionOfFolder(path: path, revision: revision) }
    let snapshot = HubSnapshot(at: path)
    try snapshot?.check()
    let isInCacheToo = name.map(cache.holds) ?? false
    self.init(
      folder: path, snapshot: snapshot,
      remarks: isInCacheToo ? [.folderBeforeCache(path, cache: cache.path)] : [])
  }

  private init(_ found: HubSnapshot) throws(CheckpointError) {
    try found.check()
    self.init(folder: found.path, snapshot: found, remarks: found.remarks)
  }

  private init(folder: String, snapshot: HubSnapshot?, remarks: [CheckpointRemark]) {
    self.folder = folder
    self.snapshot = snapshot
    self.remarks = remarks
  }
}
