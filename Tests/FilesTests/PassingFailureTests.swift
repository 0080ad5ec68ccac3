import Files
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks which failures may be gone on another try.
@Suite struct PassingFailureTests {
  @Test(
    "what the system may have more of later",
    arguments: [ENOSPC, ESTALE, EIO, ENOMEM, EDQUOT, EMFILE])
  func passing(code: CInt) {
    let reason = SystemError(code: code).reason
    #expect(tellsOfPassingFailure("/a/b: cannot write: \(reason); check the permissions"))
  }

  @Test("what it will not", arguments: [ENOENT, EACCES, EROFS, EISDIR, EXDEV])
  func lasting(code: CInt) {
    #expect(!tellsOfPassingFailure("/a/b: cannot write: \(SystemError(code: code).reason)"))
  }

  @Test("what is no failure of the system")
  func others() {
    #expect(!tellsOfPassingFailure("a.safetensors: tensor 'x' starts at byte 3, expected 0"))
    #expect(!tellsOfPassingFailure(""))
  }
}
