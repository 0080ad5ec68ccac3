#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The number by which the system says why a call failed.
package struct SystemError: Error, Equatable {
  /// One of the system's error numbers, such as `ENOENT`.
  package let code: CInt

  /// Makes the error of a number that is known.
  package init(code: CInt) { self.code = code }

  /// The error of the call that has just failed.
  static var last: SystemError { SystemError(code: errno) }

  /// The system's own words.
  package var reason: String {
    // Safe: the system returns a string that ends with a zero for any number, and it is copied at
    // once.
    unsafe String(cString: strerror(code))
  }

  /// Whether nothing lies at the path, or part of the path is no folder.
  package var isMissing: Bool { code == ENOENT || code == ENOTDIR }

  /// Whether the process has no right to do this.
  package var isPermission: Bool { code == EACCES || code == EPERM }

  /// Whether a folder lies where a file should.
  package var isFolder: Bool { code == EISDIR }
}
