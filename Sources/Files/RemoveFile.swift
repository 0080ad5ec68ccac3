#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Removes a file, or the name of a link.
///
/// - Throws: ``SystemError``
package func removeFile(at path: String) throws(SystemError) {
  // Safe: the string outlives the call, which keeps nothing of it.
  guard unsafe unlink(path) == 0 else { throw .last }
}

/// Removes a folder, unless it holds anything.
package func removeEmptyFolder(at path: String) {
  // Safe: the string outlives the call, which keeps nothing of it.
  _ = unsafe rmdir(path)
}
