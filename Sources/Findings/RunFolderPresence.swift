import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Keeps a run folder for this process, so that two do not write to it at once.
///
/// The lock goes with the process, however it ends.
final class RunFolderPresence: Sendable {
  private let descriptor: CInt

  /// Enters a folder, and removes what a process that was killed left unfinished in it.
  ///
  /// Where the file system knows no locks nobody is kept out, and nothing is removed.
  ///
  /// - Throws: ``FindingsError/inUse(path:)``
  init(in path: String) throws(FindingsError) {
    // Safe: the string outlives the call, which keeps nothing of it.
    let opened = unsafe open(path, O_RDONLY | O_CLOEXEC)
    descriptor = opened
    guard opened >= 0 else { return }
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      if errno == EWOULDBLOCK { throw .inUse(path: path) }
      return
    }
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

  deinit {
    if descriptor >= 0 { _ = close(descriptor) }
  }
}

/// Whether a file or folder bears the name that it has until it is whole.
func isUnfinished(_ name: String) -> Bool { name.hasSuffix(".part") || name.hasSuffix(".tmp") }
