import Files
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks the listing of folders whose names may be any bytes.
@Suite struct FolderContentTests {
  @Test("parts names that are text from those that are not")
  func names() throws {
    let folder = try ScratchFolder()
    for name in ["b", "a", "caf\u{E9}"] { try makeFolder(at: "\(folder.path)/\(name)") }
    // A name in Latin-1. Safe: the bytes end with a zero and outlive the call.
    let latin = Array("\(folder.path)/caf".utf8).map { CChar(bitPattern: $0) } + [CChar(-23), 0]
    try #require(unsafe mkdir(latin, 0o755) == 0)
    let content = try FolderContent(of: folder.path)
    #expect(content.names == ["a", "b", "caf\u{E9}"])
    #expect(content.misnamed == ["caf\\xE9"])
    // Foundation cannot remove it.
    _ = unsafe rmdir(latin)
  }

  @Test("throws the system's error where there is no folder")
  func missing() throws {
    let folder = try ScratchFolder()
    let error = #expect(throws: SystemError.self) { try FolderContent(of: "\(folder.path)/none") }
    #expect(error?.isMissing == true)
  }
}
