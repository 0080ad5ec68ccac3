import Files
import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks the contracts of `FolderLock`, `freeBytes(at:)` and `removeFile(at:)`.
@Suite struct FolderLockTests {
  @Test("keeps a folder for one holder, and lets go of it")
  func holding() throws {
    let folder = try ScratchFolder()
    do {
      let first = try #require(FolderLock(in: folder.path))
      #expect(first.isHeld)
      #expect(FolderLock(in: folder.path) == nil)
      // Another folder is free.
      try makeFolder(at: "\(folder.path)/inner")
      #expect(FolderLock(in: "\(folder.path)/inner")?.isHeld == true)
      withExtendedLifetime(first) {}
    }
    #expect(FolderLock(in: folder.path)?.isHeld == true)
    #expect(try folder.names == ["inner"])
  }

  @Test("a lock goes with the process that held it, however that ends")
  func process() async throws {
    let folder = try ScratchFolder()
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
      let lock = try #require(FolderLock(in: path))
      kill(getpid(), SIGKILL)
      withExtendedLifetime(lock) {}
    }
    #expect(FolderLock(in: folder.path)?.isHeld == true)
  }

  @Test("several share a folder, none of them while one has it alone, and the first looks around")
  func sharing() throws {
    let folder = try ScratchFolder()
    var looks = 0
    let first = try #require(FolderLock(sharing: folder.path) { looks += 1 })
    let second = try #require(FolderLock(sharing: folder.path) { looks += 1 })
    #expect(looks == 1)
    #expect(first.wasAlone && !second.wasAlone)
    #expect(first.isHeld && second.isHeld)
    #expect(FolderLock(in: folder.path) == nil)
    withExtendedLifetime((first, second)) {}
  }

  @Test("nobody is kept out of what cannot be locked")
  func missing() throws {
    let folder = try ScratchFolder()
    for _ in 0..<2 {
      let lock = try #require(FolderLock(in: "\(folder.path)/missing"))
      #expect(!lock.isHeld)
    }
  }

  @Test("the free bytes of a disk are no more than it has")
  func free() throws {
    let folder = try ScratchFolder()
    let attributes = try FileManager.default.attributesOfFileSystem(forPath: folder.path)
    let size = try #require(attributes[.systemSize] as? Int)
    let free = try freeBytes(at: folder.path)
    #expect((0...size).contains(free))
    // A mebibyte, so that a count of blocks would show.
    #expect(free > 1 << 20)
    #expect(throws: SystemError(code: ENOENT)) { try freeBytes(at: "\(folder.path)/missing") }
  }

  @Test("removes a file and the name of a link, and nothing else")
  func removal() throws {
    let folder = try ScratchFolder()
    let path = try folder.write([1, 2])
    let link = "\(folder.path)/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    try removeFile(at: link)
    #expect(try folder.names == ["x"])
    #expect(try contents(of: path) == [1, 2])
    try removeFile(at: path)
    #expect(try folder.names == [])
    #expect(throws: SystemError(code: ENOENT)) { try removeFile(at: path) }
    try makeFolder(at: path)
    #expect(throws: SystemError.self) { try removeFile(at: path) }
    #expect(try folder.names == ["x"])
  }
}
