import Files
import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks the contracts of `TemporaryFile`, `replace(_:with:)` and `makeFolder(at:)`.
@Suite struct TemporaryFileTests {
  @Test("takes the place of its target only when it is finished")
  func finished() throws {
    let folder = try ScratchFolder()
    let path = try folder.write([1, 2, 3])
    let output = try TemporaryFile(beside: path)
    try output.file.write([4, 5], at: 0)
    #expect(try contents(of: path) == [1, 2, 3])
    #expect(try contents(of: output.path) == [4, 5])
    #expect(output.path.hasPrefix("\(path)."))
    try output.finish()
    #expect(try contents(of: path) == [4, 5])
    #expect(try folder.names == ["x"])
  }

  @Test("has the access that the process gives to new files")
  func access() throws {
    let folder = try ScratchFolder()
    func permissions(of path: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
    let mask = umask(0)
    umask(mask)
    let output = try TemporaryFile(beside: "\(folder.path)/x")
    try output.finish()
    #expect(try permissions(of: "\(folder.path)/x") == 0o666 & ~Int(mask))
  }

  @Test("vanishes when it is given up, and leaves its target as it was")
  func givenUp() throws {
    let folder = try ScratchFolder()
    let path = try folder.write([1, 2, 3])
    do {
      let output = try TemporaryFile(beside: path)
      try output.file.write([4], at: 0)
      #expect(try folder.names.count == 2)
    }
    #expect(try folder.names == ["x"])
    #expect(try contents(of: path) == [1, 2, 3])
  }

  @Test("vanishes when its place is taken by a folder")
  func takenPlace() throws {
    let folder = try ScratchFolder()
    let target = "\(folder.path)/taken"
    try makeFolder(at: target)
    let error = #expect(throws: SystemError.self) {
      let output = try TemporaryFile(beside: target)
      try output.finish()
    }
    #expect(error?.isFolder == true)
    #expect(try folder.names == ["taken"])
  }

  @Test("cannot be made where there is no folder")
  func missingFolder() throws {
    let folder = try ScratchFolder()
    for target in ["\(folder.path)/none/x", "\(folder.path)/x\0y"] {
      let error = #expect(throws: SystemError.self) { _ = try TemporaryFile(beside: target) }
      #expect(error?.isMissing == true)
    }
    #expect(try folder.names == [])
  }

  @Test("replaces an empty folder by a full one, and keeps a full one")
  func folders() throws {
    let folder = try ScratchFolder()
    let target = "\(folder.path)/unit"
    let temporary = temporaryPath(beside: target)
    #expect(temporary != temporaryPath(beside: target))
    try makeFolder(at: temporary)
    try makeFolder(at: target)
    _ = try FileDescriptor(creating: "\(temporary)/table")
    try replace(target, with: temporary)
    #expect(try folder.names == ["unit"])
    #expect(FileStatus(at: "\(target)/table") != nil)

    try makeFolder(at: temporary)
    #expect(throws: SystemError(code: ENOTEMPTY)) { try replace(target, with: temporary) }
    #expect(FileStatus(at: "\(target)/table") != nil)
    #expect(FileStatus(at: temporary) != nil)
  }

  @Test("makes the folders around a folder", arguments: ["a", "a/b/c", "a/b/", "a//b"])
  func folderMaking(name: String) throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/\(name)"
    for _ in 0..<2 {
      try makeFolder(at: path)
      #expect(FileStatus(at: path)?.irregularKind == "a folder")
    }
  }

  @Test("makes no folder inside a file")
  func folderInFile() throws {
    let folder = try ScratchFolder()
    let path = try folder.write([1])
    #expect(throws: SystemError(code: ENOTDIR)) { try makeFolder(at: "\(path)/y/z") }
    #expect(try contents(of: path) == [1])
  }
}
