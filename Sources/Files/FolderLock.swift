#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Keeps a folder for this process, alone or together with others of its kind; the lock goes with
/// the process, however it ends.
package final class FolderLock: Sendable {
  private let descriptor: CInt

  /// Whether the file system knows locks: nobody is kept out otherwise.
  package let isHeld: Bool

  /// Whether no other process had the folder when it was taken.
  package let wasAlone: Bool

  /// Takes a folder for this process alone, unless another process has it: then there is nothing.
  package init?(in path: String) {
    // Safe: the string outlives the call, which keeps nothing of it.
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    isHeld = descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0
    wasAlone = isHeld
    if !isHeld, descriptor >= 0, errno == EWOULDBLOCK { return nil }
  }

  /// Takes a folder together with others that do the same, unless a process has it alone: then
  /// there is nothing.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - whileAlone: Called first where no other process has the folder, which none can take
  ///     meanwhile.
  /// - Throws: What `whileAlone` throws.
  package init?(sharing path: String, whileAlone: () throws -> Void) rethrows {
    // Safe: the string outlives the call, which keeps nothing of it.
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    wasAlone = descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0
    if wasAlone {
      do {
        try whileAlone()
      } catch {
        close(descriptor)
        throw error
      }
    }
    var held = descriptor >= 0 && flock(descriptor, LOCK_SH | LOCK_NB) == 0
    // Others hold it alone for the moment in which they look around.
    var attempts = 0
    while !held, descriptor >= 0, errno == EWOULDBLOCK, attempts < 300 {
      usleep(10_000)
      held = flock(descriptor, LOCK_SH | LOCK_NB) == 0
      attempts += 1
    }
    isHeld = held
    if !held, descriptor >= 0, errno == EWOULDBLOCK { return nil }
  }

  /// Whether locks can be had in a folder, or in the folder around it that is there.
  package static func areKnown(in path: String) -> Bool {
    var place = path
    while FileStatus(at: place) == nil {
      guard let slash = place.utf8.lastIndex(of: UInt8(ascii: "/")) else {
        place = "."
        break
      }
      place = slash == place.startIndex ? "/" : String(place[..<slash])
    }
    // Safe: the string outlives the call, which keeps nothing of it.
    let opened = unsafe open(place, O_RDONLY | O_CLOEXEC)
    // What cannot be opened cannot be written to either, which is told there.
    guard opened >= 0 else { return true }
    defer { close(opened) }
    return flock(opened, LOCK_SH | LOCK_NB) == 0 || errno == EWOULDBLOCK
  }

  deinit {
    if descriptor >= 0 { _ = close(descriptor) }
  }
}
