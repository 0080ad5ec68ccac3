#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Makes a folder and the folders around it, unless something lies at its path.
///
/// - Throws: ``SystemError``
package func makeFolder(at path: String) throws(SystemError) {
  if FileStatus(at: path) != nil { return }
  if let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex {
    try makeFolder(at: String(path[..<slash]))
  }
  // Another process may have made it meanwhile. Safe: the string outlives the call, which keeps
  // nothing of it.
  guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .last }
}
