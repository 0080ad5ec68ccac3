import Files
import Foundation

/// The cache of the Hugging Face hub on this machine, as huggingface_hub keeps it.
///
/// A model lies in `models--OWNER--NAME`: `snapshots/COMMIT` holds links to `blobs`, and `refs/NAME` the
/// commit of a branch or tag. Nothing is ever downloaded or changed.
///
/// Source: huggingface_hub, "Understand caching", and its `constants.py` for the variables.
package struct HubCache: Sendable {
  /// The folder of all models.
  package let path: String

  /// Finds the cache by the variables that huggingface_hub looks at.
  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    let home = value("HOME") ?? NSHomeDirectory()
    let given =
      value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE")
      ?? value("HF_HOME").map { "\($0)/hub" }
      ?? value("XDG_CACHE_HOME").map { "\($0)/huggingface/hub" } ?? "\(home)/.cache/huggingface/hub"
    path = given == "~" || given.hasPrefix("~/") ? home + given.dropFirst() : given
  }

  /// Whether a model has a folder here, whatever it holds.
  func holds(_ name: HubName) -> Bool { FileStatus(at: folder(of: name)) != nil }

  /// The folder of a model.
  private func folder(of name: HubName) -> String {
    "\(path)/models--\(name.owner)--\(name.model)"
  }

  /// Finds the snapshot of a model.
  ///
  /// - Parameters:
  ///   - name: What the model is called.
  ///   - revision: A branch, a tag, a commit or what only one commit begins with; nil for `main`, or
  ///     the only snapshot.
  /// - Returns: The snapshot; what is in it is not looked at.
  /// - Throws: ``CheckpointError/notInCache(name:revision:cache:held:command:)`` and
  ///   ``CheckpointError/severalSnapshots(path:revision:held:)``.
  func snapshot(of name: HubName, revision: String?) throws(CheckpointError) -> HubSnapshot {
    let folder = folder(of: name)
    guard FileStatus(at: folder) != nil else {
      throw .notInCache(
        name: name.description, revision: revision, cache: path, held: [],
        command: name.downloadCommand(revision: revision))
    }
    return try HubSnapshot(ofModelAt: folder, name: name, revision: revision)
  }
}
