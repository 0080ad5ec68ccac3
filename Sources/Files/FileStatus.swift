#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How large a file is, and what kind of thing really lies there.
package struct FileStatus: Equatable {
  /// The size in bytes; it means nothing when the kind is irregular.
  package let byteCount: Int

  /// The kind in words, such as "a folder"; `nil` for a regular file.
  package let irregularKind: String?

  /// Asks what lies at a path, behind all links; `nil` when nothing does or it cannot be asked.
  package init?(at path: String) {
    var status = stat()
    // Safe: the string outlives the call, and `status` is a whole stat structure.
    guard !path.utf8.contains(0), unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    byteCount = Int(status.st_size)
    irregularKind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: nil
      case S_IFDIR: "a folder"
      case S_IFIFO: "a pipe"
      case S_IFSOCK: "a socket"
      default: "a device"
      }
  }
}
