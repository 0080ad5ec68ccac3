#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The number by which the system says why a call failed.
package struct SystemError: Error, Equatable {
  /// One of the system's error numbers, such as `ENOENT`.
  package let code: CInt
  /// Whether a file or folder was to get another name, which its file system cannot do.
  package let isRename: Bool

  /// Makes the error of a number that is known.
  package init(code: CInt, isRename: Bool = false) {
    self.code = code
    // An object store or a union of folders, mounted as a file system, may not know how to rename.
    self.isRename = isRename && [EXDEV, ENOSYS, EOPNOTSUPP, EINVAL, EPERM].contains(code)
  }

  /// The error of the call that has just failed.
  static var last: SystemError { SystemError(code: errno) }

  /// The system's own words, and what they mean where they alone would mislead.
  package var reason: String {
    if isRename {
      return
        "its file system cannot rename it (\(words)); write to another disk and copy the result"
    }
    return code == EMFILE || code == ENFILE ? "\(words); raise the limit with 'ulimit -n'" : words
  }

  var words: String {
    // The kernel has numbers that its C library has no words for: this one comes from NFS.
    if code == 524 { return "Operation not supported by the server" }
    // Safe: the system returns a string that ends with a zero for any number, and it is copied at
    // once.
    return unsafe String(cString: strerror(code))
  }

  /// Whether nothing lies at the path, or part of the path is no folder.
  package var isMissing: Bool { code == ENOENT || code == ENOTDIR }

  /// Whether the process has no right to do this.
  package var isPermission: Bool { code == EACCES || code == EPERM }

  /// Whether somebody else has locked what was to be locked.
  package var isLock: Bool { code == EWOULDBLOCK || code == EACCES }

  /// Whether a call was asked for what cannot be, such as a place before the beginning of a file.
  package var isImpossible: Bool { code == EINVAL }

  /// Whether a folder lies where a file should.
  package var isFolder: Bool { code == EISDIR }
}

/// Ends a sentence about a refusal of the system.
///
/// - Parameters:
///   - reason: The system's words, such as those of ``SystemError/reason``.
///   - advice: What helps where the words do not say it themselves.
/// - Returns: The reason, and what to do next.
package func withAdvice(_ reason: String, otherwise advice: String) -> String {
  // A library tells the system's words, too.
  if reason.hasSuffix(SystemError(code: EMFILE).words) { return SystemError(code: EMFILE).reason }
  return reason.contains("; ") ? reason : "\(reason); \(advice)"
}
