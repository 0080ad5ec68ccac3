#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A lock file in a folder that one process works in; it goes with the process, however that ends.
package final class WorkLock: Sendable {
  /// The name of the file.
  static let name = "lock"

  /// The folder.
  let folder: String

  /// Whether the file system knows locks: nobody is kept out otherwise.
  let isHeld: Bool

  private let descriptor: CInt

  /// Takes the folder at a path, which is made if need be.
  ///
  /// - Returns: Nothing where another process has it.
  /// - Throws: ``SystemError``
  init?(in folder: String) throws(SystemError) {
    self.folder = folder
    let path = "\(folder)/\(Self.name)"
    while true {
      try makeFolder(at: folder)
      // Safe: the string outlives the call, which keeps nothing of it.
      let opened = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      if opened < 0 {
        // Its owner has left it.
        if errno == ENOENT { continue }
        throw .last
      }
      let isLocked = flock(opened, LOCK_EX | LOCK_NB) == 0
      if !isLocked, errno == EWOULDBLOCK {
        close(opened)
        isHeld = false
        descriptor = -1
        return nil
      }
      if Self.isFile(opened, at: path) {
        isHeld = isLocked
        descriptor = opened
        return
      }
      // Its owner has left between the two calls: what was locked is gone.
      close(opened)
    }
  }

  /// Whether another process has the folder.
  static func isTaken(in folder: String) -> Bool {
    // Safe: the string outlives the call, which keeps nothing of it.
    let opened = unsafe open("\(folder)/\(name)", O_RDWR | O_CLOEXEC)
    guard opened >= 0 else { return false }
    defer { close(opened) }
    return flock(opened, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
  }

  /// Removes the lock, and the folder unless something lies in it: another process may take it.
  func leave() {
    try? removeFile(at: "\(folder)/\(Self.name)")
    removeEmptyFolder(at: folder)
  }

  deinit {
    if descriptor >= 0 { _ = close(descriptor) }
  }

  private static func isFile(_ descriptor: CInt, at path: String) -> Bool {
    var held = stat()
    var found = stat()
    // Safe: both are whole stat structures, and the string outlives the call.
    guard unsafe fstat(descriptor, &held) == 0, unsafe stat(path, &found) == 0 else { return false }
    return held.st_ino == found.st_ino && held.st_dev == found.st_dev
  }
}
