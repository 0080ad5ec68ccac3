import Files
import Foundation
import TestSupport
import Testing

/// Checks what is found in a folder besides known files.
@Suite struct UnknownEntriesTests {
  @Test("Other files, folders and links are listed, known ones and their folders are not")
  func entries() throws {
    let folder = try TemporaryFolder()
    for name in ["a.txt", "sub/b.txt", "sub/own.md", "notes.md", ".hidden", "more/deep/c.txt"] {
      try folder.write("x", as: name)
    }
    let manager = FileManager.default
    for name in ["empty", "d.txt"] {
      try manager.createDirectory(atPath: folder.path(name), withIntermediateDirectories: false)
    }
    try manager.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "sub")
    #expect(
      unknownEntries(of: folder.path, besides: ["a.txt", "sub/b.txt", "d.txt", "gone/e.txt"])
        == [".hidden", "d.txt/", "empty/", "link", "more/", "notes.md", "sub/own.md"])
    #expect(unknownEntries(of: folder.path("sub"), besides: ["b.txt", "own.md"]) == [])
  }

  @Test("A name that is not UTF-8 is listed too")
  func oddName() throws {
    let folder = try TemporaryFolder()
    let made = Process()
    made.executableURL = URL(filePath: "/bin/sh")
    made.arguments = ["-c", "printf x > \"$(printf 'odd\\377')\" 2>/dev/null || printf x > odd"]
    made.currentDirectoryURL = URL(filePath: folder.path)
    try made.run()
    made.waitUntilExit()
    let found = unknownEntries(of: folder.path, besides: ["odd\u{fffd}x"])
    #expect(found.count == 1 && found[0].hasPrefix("odd"))
  }
}
