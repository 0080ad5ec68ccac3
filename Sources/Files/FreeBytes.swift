#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How many bytes this process may still write to the disk that a folder lies on.
///
/// - Throws: ``SystemError``
package func freeBytes(at path: String) throws(SystemError) -> Int {
  var status = statvfs()
  // Safe: the string outlives the call, and `status` is a whole statvfs structure.
  guard unsafe statvfs(path, &status) == 0 else { throw .last }
  return Int(clamping: status.f_bavail).multipliedReportingOverflow(
    by: Int(clamping: status.f_frsize)
  ).partialValue
}
