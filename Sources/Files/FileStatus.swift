#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How large a file is, what kind of thing really lies there, and when it was changed.
package struct FileStatus: Equatable, Sendable {
  /// The size in bytes; it means nothing when the kind is irregular.
  package let byteCount: Int

  /// The kind in words, such as "a folder"; `nil` for a regular file.
  package let irregularKind: String?

  /// What changes with the content: the size, the place on the disk, and the times of the last
  /// change of content and of anything at all, in nanoseconds.
  ///
  /// A file whose stamp is as it was holds what it held, unless somebody set the system's clock
  /// back to deceive.
  package let stamp: String

  /// Asks what lies at a path, behind all links; `nil` when nothing does or it cannot be asked.
  package init?(at path: String) {
    var status = stat()
    // Safe: the string outlives the call, and `status` is a whole stat structure.
    guard !path.utf8.contains(0), unsafe stat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    byteCount = Int(status.st_size)
    #if canImport(Glibc)
      let times = [status.st_mtim, status.st_ctim]
    #else
      let times = [status.st_mtimespec, status.st_ctimespec]
    #endif
    stamp =
      (["\(status.st_size)", "\(status.st_dev)", "\(status.st_ino)"]
      + times.map { "\(Int($0.tv_sec) * 1_000_000_000 + Int($0.tv_nsec))" })
      .joined(separator: " ")
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
