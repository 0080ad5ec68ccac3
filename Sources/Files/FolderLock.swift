#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Keeps a folder for this process; the lock goes with the process, however it ends.
package final class FolderLock: Sendable {
  private let descriptor: CInt

  /// Whether the file system knows locks: nobody is kept out otherwise.
  package let isHeld: Bool

  /// Takes a folder, unless another process has it: then there is nothing.
  package init?(in path: String) {
    // Safe: the string outlives the call, which keeps nothing of it.
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    isHeld = descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) == 0
    if !isHeld, descriptor >= 0, errno == EWOULDBLOCK { return nil }
  }

  deinit {
    if descriptor >= 0 { _ = close(descriptor) }
  }
}
