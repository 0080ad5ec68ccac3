import Findings
import Foundation
import TestSupport
import Testing

/// Checks that a file is whole or absent, whatever happens while it is written.
@Suite struct WholeFileTests {
  private struct Interruption: Error {}

  @Test("writes the pieces in order, and nothing else")
  func pieces() throws {
    let folder = try TemporaryFolder()
    try WholeFile.write(to: folder.path("a.txt")) { append in
      for piece in ["one\n", "", "zwei √\n", String(repeating: "x", count: 300_000)] {
        try append(piece)
      }
    }
    let expected = "one\nzwei √\n" + String(repeating: "x", count: 300_000)
    #expect(try filesByPath(under: folder.path) == ["a.txt": Data(expected.utf8)])
  }

  @Test("replaces a file that was there")
  func replacement() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a long old text", as: "a.txt")
    try WholeFile.write("new", to: path)
    #expect(try filesByPath(under: folder.path) == ["a.txt": Data("new".utf8)])
  }

  @Test("a file that has the content is left alone, and written anew from the first difference on")
  func sameContent() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("a.txt")
    func number() throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
    }
    let pieces = (0..<5).map { String(repeating: "\($0)", count: 50_000) }
    func write(_ pieces: [String]) throws {
      try WholeFile.write(to: path) { append in for piece in pieces { try append(piece) } }
    }
    try write(pieces)
    let first = try number()
    try write(pieces)
    #expect(try number() == first)
    for other in [
      Array(pieces.dropLast()), pieces + ["x"], ["y"] + pieces.dropFirst(),
      pieces.dropLast() + ["z"], [],
    ] {
      try write(pieces)
      let before = try number()
      try write(other)
      #expect(try number() != before)
      #expect(try filesByPath(under: folder.path) == ["a.txt": Data(other.joined().utf8)])
    }
  }

  @Test("leaves nothing behind when the writing is interrupted", arguments: [0, 1, 100_000])
  func interrupted(byteCount: Int) throws {
    let folder = try TemporaryFolder()
    #expect(throws: Interruption.self) {
      try WholeFile.write(to: folder.path("a.txt")) { append in
        try append(String(repeating: "x", count: byteCount))
        throw Interruption()
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test("keeps the old file when the writing is interrupted")
  func oldFileKept() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("old", as: "a.txt")
    #expect(throws: Interruption.self) {
      try WholeFile.write(to: path) { append in
        try append("new")
        throw Interruption()
      }
    }
    #expect(try filesByPath(under: folder.path) == ["a.txt": Data("old".utf8)])
  }

  @Test("a missing folder is told with the path and the system's reason")
  func missingFolder() throws {
    let path = try TemporaryFolder().path("none/a.txt")
    let error = #expect(throws: FindingsError.self) { try WholeFile.write("x", to: path) }
    #expect(
      error?.description
        == "\(path): cannot write: No such file or directory; check the permissions and the free space, and run the same command again"
    )
  }

  @Test("a folder in the place of the file is told, and kept")
  func folderInPlace() throws {
    let folder = try TemporaryFolder()
    try folder.write("inside", as: "a.txt/b")
    let path = folder.path("a.txt")
    let error = #expect(throws: FindingsError.self) { try WholeFile.write("x", to: path) }
    #expect(
      error
        == .fileSystem(path: path, doing: "rename a file to this", reason: "Is a directory"))
    #expect(try filesByPath(under: folder.path) == ["a.txt/b": Data("inside".utf8)])
  }
}
