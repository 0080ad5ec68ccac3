import Foundation
import HDF5Files
import Testing

/// Checks that unsound files are refused when they are opened, each with its own error.
@Suite struct HDF5RefusalTests {
  static func hostile(_ name: String) -> String { Fixture.path("hdf5/\(name)") }

  static let refusals: [(String, @Sendable (String) -> HDF5Error)] = [
    ("missing.h5", { .fileNotFound(path: $0) }),
    ("", { .notAFile(path: $0) }),
    ("not-hdf5.h5", { .notHDF5(path: $0, byteCount: 1_600) }),
    ("empty.h5", { .notHDF5(path: $0, byteCount: 0) }),
    (
      "external-link.h5",
      { .outsideFile(path: $0, object: "/group/outside", kind: "an external link") }
    ),
    (
      "external-storage.h5",
      { .outsideFile(path: $0, object: "/outside", kind: "a dataset with external storage") }
    ),
    ("virtual.h5", { .outsideFile(path: $0, object: "/outside", kind: "a virtual dataset") }),
    ("collision.h5", { .nameCollision(path: $0, tensor: "a.b", objects: ["/a.b", "/a/b"]) }),
    ("control-name.h5", { .unusableName(path: $0, object: "/line\nbreak") }),
    ("overflow.h5", { .sizeOverflow(path: $0, tensor: "huge", shape: [1 << 40, 1 << 40]) }),
    (
      "overflow-zero.h5",
      { .sizeOverflow(path: $0, tensor: "huge", shape: [0, 1 << 40, 1 << 40]) }
    ),
    (
      "deep.h5",
      {
        .tooDeep(
          path: $0, object: "/" + Array(repeating: "g", count: 64).joined(separator: "/"),
          limit: 64)
      }
    ),
    ("doubling.h5", { .tooManyLinks(path: $0, limit: 500_000) }),
  ]

  @Test("name the file and what is wrong with it", arguments: refusals)
  func refused(name: String, error: @Sendable (String) -> HDF5Error) {
    let path = Self.hostile(name)
    #expect(throws: error(path)) { try HDF5File(path: path) }
  }

  @Test("call a truncated file damaged or cut short")
  func truncated() throws {
    let path = Self.hostile("truncated.h5")
    let error = try #require(throws: HDF5Error.self) { try HDF5File(path: path) }
    guard case .cannotRead(path, "/", let reason) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(reason.hasPrefix("truncated file"))
    #expect(error.description.hasPrefix("\(path): libhdf5 cannot read '/': truncated file"))
    #expect(
      error.description.hasSuffix(
        "; it is damaged, cut short or still being written: copy it again"))
  }

  @Test("refuse a file cut at any length", arguments: ["contiguous.h5", "packed.h5", "v110.h5"])
  func cutAnywhere(name: String) throws {
    let folder = try ScratchFolder()
    let whole = try Fixture.bytes("hdf5/\(name)")
    for length in stride(from: 0, to: whole.count, by: 97) {
      let path = try folder.write(Array(whole.prefix(length)), as: "\(length).h5")
      #expect(throws: HDF5Error.self, "\(length) bytes") { try HDF5File(path: path) }
    }
  }

  @Test("say that permission is denied", .enabled(if: getuid() != 0, "root may read all files"))
  func permission() throws {
    let folder = try ScratchFolder()
    let path = try folder.write(Fixture.bytes("hdf5/contiguous.h5"), as: "closed.h5")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    #expect(throws: HDF5Error.permissionDenied(path: path)) { try HDF5File(path: path) }
  }

  @Test("say that another program has the file locked")
  func locked() throws {
    let folder = try ScratchFolder()
    let path = try folder.write(Fixture.bytes("hdf5/contiguous.h5"), as: "busy.h5")
    // Safe: the string outlives the call, which keeps nothing of it.
    let writer = unsafe open(path, O_RDWR | O_CLOEXEC)
    defer { close(writer) }
    try #require(flock(writer, LOCK_EX | LOCK_NB) == 0)
    #expect(throws: HDF5Error.inUse(path: path)) { try HDF5File(path: path) }
  }

  @Test("print nothing of their own, on whatever thread")
  func silence() async throws {
    let result = try await #require(
      processExitsWith: .success, observing: [\.standardErrorContent]
    ) {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<20 {
          group.addTask {
            _ = try? HDF5File(path: HDF5RefusalTests.hostile("truncated.h5"))
          }
        }
      }
    }
    let printed = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(!printed.contains("HDF5-DIAG"))
  }

  @Test("do not wait for a pipe")
  func pipe() throws {
    let folder = try ScratchFolder()
    let path = folder.path("pipe.h5")
    // Safe: `mkfifo` reads the path up to its zero byte.
    #expect(unsafe mkfifo(path, 0o600) == 0)
    #expect(throws: HDF5Error.notAFile(path: path)) { try HDF5File(path: path) }
  }
}
