import Files
import Foundation

/// Keeps a run folder for this process, so that two do not write to it at once.
///
/// The lock goes with the process, however it ends.
final class RunFolderPresence: Sendable {
  private let lock: FolderLock

  /// Enters a folder, and removes what a process that was killed left unfinished in it.
  ///
  /// Where the file system knows no locks nobody is kept out, and nothing is removed.
  ///
  /// - Throws: ``FindingsError/inUse(path:)``
  init(in path: String) throws(FindingsError) {
    guard let lock = FolderLock(in: path) else { throw .inUse(path: path) }
    self.lock = lock
    guard lock.isHeld else { return }
    for folder in [path] + RunFolder.subfolders.map({ "\(path)/\($0)" }) {
      let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
      // Beside the manifest and the page a user may keep files of his own.
      for name in names ?? []
      where isUnfinished(name)
        && (folder != path || name.contains("manifest.json") || name.contains("index.html"))
      {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
    }
  }
}

/// Whether a file or folder bears the name that it has until it is whole.
func isUnfinished(_ name: String) -> Bool { name.hasSuffix(".part") || name.hasSuffix(".tmp") }
