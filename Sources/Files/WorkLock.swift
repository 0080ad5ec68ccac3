#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A lock file in a folder that one process works in; it goes with the process, however that ends.
package final class WorkLock: Sendable {
  /// The name of the file.
  static let name = "lock"

  private let descriptor: CInt

  /// Takes the folder at a path, which is made if need be.
  ///
  /// - Returns: Nothing where another process has it.
  /// - Throws: ``SystemError``
  init?(in folder: String) throws(SystemError) {
    let path = "\(folder)/\(Self.name)"
    while true {
      try makeFolder(at: folder)
      // Safe: the string outlives the call, which keeps nothing of it.
      let opened = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      if opened < 0 {
        // Its owner has finished and given the folder its name.
        if errno == ENOENT { continue }
        throw .last
      }
      let isTaken = flock(opened, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
      if isTaken {
        close(opened)
        descriptor = -1
        return nil
      }
      if Self.isFile(opened, at: path) {
        descriptor = opened
        return
      }
      // The folder was finished between the two calls: what was locked lies elsewhere now.
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
