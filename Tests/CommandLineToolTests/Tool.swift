import Foundation
import TestSupport

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The built program `sdmoe`, run as a user would.
enum Tool {
  /// The tests cannot run, because the program is not where it should be.
  struct NotBuilt: Error, CustomStringConvertible {
    let places: [String]
    var description: String {
      "there is no program 'sdmoe' beside the tests; 'swift build' makes it. Looked in \(places.joined(separator: ", "))"
    }
  }

  /// What a finished process leaves.
  struct Outcome {
    /// The exit code, or minus the number of the signal that ended it.
    let status: Int32
    let output: String
    let errors: String
  }

  /// The path of the program: in the folder of products that the tests come from.
  static let path = Result { () throws -> String in
    let build = Fixture.url("").deletingLastPathComponent().appending(path: ".build")
    let triples = (try? FileManager.default.contentsOfDirectory(atPath: build.path)) ?? []
    let places =
      [
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent(), Bundle.main.bundleURL,
        Bundle.main.bundleURL.deletingLastPathComponent(),
      ]
      + ["release", "debug"].flatMap { mode in
        ([""] + triples.sorted()).map { build.appending(path: $0).appending(path: mode) }
      }
    let files = places.map { $0.appending(path: "sdmoe").path }
    guard let found = files.first(where: { FileManager.default.isExecutableFile(atPath: $0) })
    else {
      throw NotBuilt(places: places.map(\.path))
    }
    return URL(filePath: found).resolvingSymlinksInPath().path
  }

  /// Starts a program with its streams in files of a folder of its own.
  static func start(
    _ program: String, _ arguments: [String], in folder: String, streams: TemporaryFolder,
    environment: [String: String] = [:]
  ) throws -> Started {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(filePath: folder)
    var variables = ProcessInfo.processInfo.environment
    variables["COLUMNS"] = nil
    variables["RECORD_GOLDENS"] = nil
    process.environment = variables.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    try streams.write("", as: "output")
    try streams.write("", as: "errors")
    let output = try FileHandle(forWritingTo: URL(filePath: streams.path("output")))
    let errors = try FileHandle(forWritingTo: URL(filePath: streams.path("errors")))
    process.standardOutput = output
    process.standardError = errors
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    try process.run()
    // Foundation would keep them open to the end of all tests.
    try output.close()
    try errors.close()
    return Started(process: process, ended: ended, streams: streams)
  }

  /// A process under way.
  struct Started {
    let process: Process
    fileprivate let ended: DispatchSemaphore
    fileprivate let streams: TemporaryFolder

    var identifier: pid_t { process.processIdentifier }

    /// Waits for the end.
    func outcome() throws -> Outcome {
      ended.wait()
      let status = process.terminationStatus
      return Outcome(
        status: process.terminationReason == .uncaughtSignal ? -status : status,
        output: try text("output"), errors: try text("errors"))
    }

    private func text(_ stream: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(filePath: streams.path(stream))), as: UTF8.self)
    }
  }

  /// Runs `sdmoe` to its end.
  static func run(_ arguments: [String], in folder: String? = nil) throws -> Outcome {
    try start(
      try path.get(), arguments, in: folder ?? Fixture.url("").path, streams: TemporaryFolder()
    ).outcome()
  }

  /// Runs a shell script to its end; `$SDMOE` is the program.
  static func shell(
    _ script: String, in folder: String, environment: [String: String] = [:]
  ) throws -> Outcome {
    try start(
      "/bin/sh", ["-c", script], in: folder, streams: TemporaryFolder(),
      environment: environment.merging(["SDMOE": try path.get(), "SHELL": "/bin/sh"]) { $1 }
    ).outcome()
  }

  /// Runs `sdmoe analyze` to its end.
  static func analyze(_ checkpoint: String, into run: String, _ options: String...) throws
    -> Outcome
  {
    try self.run(["analyze", checkpoint, "-o", run] + options)
  }
}
