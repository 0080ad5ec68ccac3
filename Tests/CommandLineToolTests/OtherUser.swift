import Foundation
import TestSupport

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A user for whom permissions hold: root's tests run the program as nobody, others as themselves.
struct OtherUser {
  /// A copy of a checkpoint that the user may read.
  let checkpoint: String
  private let folder: String
  private let program: String
  private let environment: [String: String]

  /// Copies what the user needs into a folder that the user may enter.
  init(in temporary: TemporaryFolder) throws {
    folder = temporary.path
    checkpoint = temporary.path("ckpt")
    program = temporary.path("sdmoe")
    try Samples.copy(of: Samples.tiny, to: checkpoint)
    try FileManager.default.copyItem(atPath: try Tool.path.get(), toPath: program)
    try FileManager.default.createDirectory(
      atPath: temporary.path("own"), withIntermediateDirectories: true)
    let script = "chmod 755 . ckpt sdmoe; chmod 644 ckpt/*; chmod 777 own"
    guard try Tool.shell(script, in: folder).status == 0 else { throw NotPrepared(step: script) }
    guard Self.isRoot else {
      environment = [:]
      return
    }
    let plain = try Tool.start(
      "/usr/bin/env", Self.words + [program, "--version"], in: folder, streams: TemporaryFolder()
    ).outcome()
    guard plain.status != 0 else {
      environment = [:]
      return
    }
    // A toolchain in root's home is closed to others, and with it the libraries of Swift.
    let copy =
      "mkdir -m 755 lib; ldd sdmoe | sed -n 's/.* => \\(\\/.*\\) (.*/\\1/p' | grep -v '^/lib\\|^/usr/lib' | xargs -I{} cp {} lib/; chmod 755 lib/*"
    guard try Tool.shell(copy, in: folder).status == 0 else {
      throw NotPrepared(step: "\(copy)\n\(plain.errors)")
    }
    environment = ["LD_LIBRARY_PATH": temporary.path("lib")]
  }

  /// A path that the user may make and write.
  func own(_ name: String) -> String { "\(folder)/own/\(name)" }

  /// Runs `sdmoe` as that user, without progress.
  func run(_ words: [String]) throws -> Tool.Outcome {
    let quiet = words.first == "analyze" ? ["--quiet"] : []
    return try Tool.start(
      "/usr/bin/env", (Self.isRoot ? Self.words : []) + [program] + words + quiet, in: folder,
      streams: TemporaryFolder(), environment: environment
    ).outcome()
  }

  struct NotPrepared: Error {
    let step: String
  }

  private static let isRoot = getuid() == 0
  private static let words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
}

/// Sets the permissions of a file or folder.
func setMode(_ mode: Int, of path: String) throws {
  try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
}
