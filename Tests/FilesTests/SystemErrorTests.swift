import Files
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks how `SystemError` sorts the system's error numbers.
@Suite struct SystemErrorTests {
  @Test(
    "tells missing, forbidden and folder apart",
    arguments: [ENOENT, ENOTDIR, EACCES, EPERM, EISDIR, EIO, ENOSPC])
  func kinds(code: CInt) {
    let error = SystemError(code: code)
    #expect(error.isMissing == [ENOENT, ENOTDIR].contains(code))
    #expect(error.isPermission == [EACCES, EPERM].contains(code))
    #expect(error.isFolder == (code == EISDIR))
  }

  @Test("gives the system's words, also for a number that it does not know")
  func reason() {
    #expect(SystemError(code: ENOSPC).reason == "No space left on device")
    #expect(!SystemError(code: 99_999).reason.isEmpty)
    // A number of the kernel that its C library has no words for.
    #expect(SystemError(code: 524).reason == "Operation not supported by the server")
  }

  @Test(
    "says that a file system cannot rename", arguments: [EXDEV, ENOSYS, EOPNOTSUPP, EINVAL, EPERM])
  func rename(code: CInt) {
    let words = SystemError(code: code).reason
    #expect(
      SystemError(code: code, isRename: true).reason
        == "its file system cannot rename it (\(words)); write to another disk and copy the result")
    #expect(SystemError(code: ENOSPC, isRename: true).reason == "No space left on device")
  }
}
