import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks what is left when a run is killed, may not read or write, or finds no space.
@Suite struct RobustnessTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  // MARK: Interruptions

  @Test("a run that is killed again and again ends as one that was not")
  func killed() throws {
    let path = folder.path("run")
    var kills = 0
    // Each time a little later, so that the last ones meet the tables and figures.
    for pause in stride(from: 0.0, to: 0.4, by: 0.04) {
      let units = finishedUnits(in: path)
      let started = try Tool.start(
        try Tool.path.get(), ["analyze", Samples.qwen, "-o", path, "--quiet"], in: folder.path,
        streams: TemporaryFolder())
      while started.process.isRunning, finishedUnits(in: path) == units, units < 9 {
        Thread.sleep(forTimeInterval: 0.001)
      }
      Thread.sleep(forTimeInterval: pause)
      kill(started.identifier, SIGKILL)
      if try started.outcome().status == -SIGKILL { kills += 1 }
    }
    #expect(kills >= 1)
    let outcome = try Tool.run(["analyze", Samples.qwen, "-o", "run"], in: folder.path)
    let reference = try Samples.reference.get()
    #expect(outcome.status == 0)
    #expect(outcome.output == reference.outcome.output)
    #expect(differences(try filesByPath(under: path), reference.files) == [])
  }

  @Test("two runs of one folder at once share the work, and both end well")
  func atOnce() throws {
    let runs = try (0..<2).map { _ in
      try Tool.start(
        try Tool.path.get(), ["analyze", Samples.qwen, "-o", "run"], in: folder.path,
        streams: TemporaryFolder())
    }
    let reference = try Samples.reference.get()
    for run in runs {
      let outcome = try run.outcome()
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output == reference.outcome.output)
    }
    #expect(differences(try filesByPath(under: folder.path("run")), reference.files) == [])
  }

  @Test("weights that changed in place since: the new numbers, and the user is told")
  func changedWeights() throws {
    let copy = folder.path("model")
    try Samples.copy(of: Samples.tiny, to: copy)
    #expect(try Tool.analyze(copy, into: folder.path("run")).status == 0)
    let expert = "model.layers.1.mlp.experts.2.down_proj.weight"
    let index = try JSONDecoder().decode(
      Index.self,
      from: Data(contentsOf: URL(filePath: "\(copy)/model.safetensors.index.json")))
    let shard = "\(copy)/\(try #require(index.weightMap[expert]))"
    try replaceElements(of: expert, in: shard)
    let again = try Tool.analyze(copy, into: folder.path("run"))
    #expect(again.status == 0)
    #expect(
      again.errors.hasPrefix(
        "the input has changed since it was measured; measured again: layer 1 down_proj\n"))
    let fresh = try Tool.analyze(copy, into: folder.path("fresh"))
    // A line may be broken elsewhere where the path is longer.
    func words(_ text: String) -> [Substring] { text.split(whereSeparator: \.isWhitespace) }
    #expect(words(fresh.output.replacing("/fresh/", with: "/run/")) == words(again.output))
    #expect(
      differences(
        try filesByPath(under: folder.path("run")), try filesByPath(under: folder.path("fresh")))
        == [])
    try replaceElements(of: expert, in: shard, keepingTimes: true)
    let last = try Tool.analyze(copy, into: folder.path("run"), "--recheck")
    #expect(last.errors.contains("measured again: layer 1 down_proj"))
  }

  private struct Index: Decodable {
    let weightMap: [String: String]
    enum CodingKeys: String, CodingKey { case weightMap = "weight_map" }
  }

  @Test("a reader that closes its end of a pipe is no reason to stop")
  func closedPipes() throws {
    let environment = ["CKPT": Samples.tiny]
    let both = try Tool.shell(
      "{ sleep 0.3; \"$SDMOE\" analyze \"$CKPT\" -o run 2>&1; echo $? > status; } | true; sleep 0.1; while ! test -s status; do sleep 0.05; done",
      in: folder.path, environment: environment)
    #expect(both.errors == "")
    #expect(try String(contentsOfFile: folder.path("status"), encoding: .utf8) == "0\n")
    #expect(FileManager.default.fileExists(atPath: folder.path("run/tables/summary.csv")))
    let head = try Tool.shell(
      "{ \"$SDMOE\" inspect \"$CKPT\" --json; echo $? > status; } | head -1", in: folder.path,
      environment: environment)
    #expect(head.output == "{\n")
    #expect(head.errors == "")
    #expect(try String(contentsOfFile: folder.path("status"), encoding: .utf8) == "0\n")
  }

  @Test("results that cannot be written to stdout are an error")
  func fullOutput() throws {
    let outcome = try Tool.shell(
      "\"$SDMOE\" inspect \"$CKPT\" > /dev/full", in: folder.path,
      environment: ["CKPT": Samples.tiny])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.hasPrefix("Error: standard output: cannot write: No space left on device; "))
  }

  // MARK: Space

  /// Checks a run that found no space, and that the same command ends it once there is some.
  private func expectUnfinished(
    _ outcome: Tool.Outcome, at path: String, reason: String, resume: () throws -> Tool.Outcome
  ) throws {
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    let error = try #require(
      outcome.errors.wholeMatch(
        of:
          /Error: (\S+): cannot (.+): ([^:;]+); check the permissions and the free space, and run the same command again\n/
      ),
      "\(outcome.errors)")
    #expect(error.1.hasPrefix(path))
    #expect(error.3 == reason)

    let reference = try Samples.reference.get().files
    let left = try filesByPath(under: path)
    #expect(left.count < reference.count)
    #expect(
      differences(left, reference.filter { left.keys.contains($0.key) }).filter {
        $0 != "manifest.json"
      } == [])
    #expect(try resume().status == 0)
    #expect(differences(try filesByPath(under: path), reference) == [])
  }

  @Test(
    "a full disk is told; nothing is half-written; with space the run goes on",
    arguments: [8, 64, 140, 200, 300, 480])
  func fullDisk(kilobytes: Int) throws {
    let disk = folder.path("disk")
    try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
    let mounted = try Tool.shell(
      "mount -t tmpfs -o size=\(kilobytes)k tmpfs disk", in: folder.path)
    // Only root may mount; others meet the limit of the size of a file, below, alone.
    guard mounted.status == 0 else { return try limitedSize(bytes: kilobytes * 64) }
    defer { _ = try? Tool.shell("umount -l disk", in: folder.path) }
    let outcome = try Tool.analyze(Samples.qwen, into: "\(disk)/run", "--quiet")
    try expectUnfinished(outcome, at: "\(disk)/run", reason: "No space left on device") {
      #expect(try Tool.shell("mount -o remount,size=50m disk", in: folder.path).status == 0)
      return try Tool.analyze(Samples.qwen, into: "\(disk)/run", "--quiet")
    }
  }

  @Test("a file over the system's limit is told as a full disk is", arguments: [1024, 8192, 16384])
  func limitedSize(bytes: Int) throws {
    let path = folder.path("limited")
    let outcome = try Tool.shell(
      "ulimit -f \(bytes / 512); \"$SDMOE\" analyze \"$CKPT\" -o \"$RUN\" --quiet", in: folder.path,
      environment: ["CKPT": Samples.qwen, "RUN": path])
    try expectUnfinished(outcome, at: path, reason: "File too large") {
      try Tool.analyze(Samples.qwen, into: path, "--quiet")
    }
  }

  // MARK: Permissions

  @Test("a shard without permission is told")
  func unreadableShard() throws {
    let user = try OtherUser(in: folder)
    let shard = "\(user.checkpoint)/model-00003-of-00007.safetensors"
    try setMode(0, of: shard)
    let outcome = try user.run(["analyze", user.checkpoint, "-o", user.own("run")])
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(outcome.errors.hasPrefix("Error: \(shard): "), "\(outcome.errors)")
    #expect(outcome.errors.contains("ermission"), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: user.own("run")))
    let inspected = try user.run(["inspect", user.checkpoint])
    #expect(inspected.status == 1)
    #expect(inspected.output.contains("FAIL\n- \(shard): "))
  }

  @Test("a config.json without permission is told")
  func unreadableConfig() throws {
    let user = try OtherUser(in: folder)
    let config = "\(user.checkpoint)/config.json"
    try setMode(0, of: config)
    let outcome = try user.run(["analyze", user.checkpoint, "-o", user.own("run")])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "Error: \(config): cannot be read: no permission to read it; check its permissions\n")
  }

  @Test("a run inside the checkpoint is refused before any work, through a link too")
  func insideCheckpoint() throws {
    let checkpoint = folder.path("model")
    try FileManager.default.copyItem(atPath: Samples.tiny, toPath: checkpoint)
    let link = folder.path("link")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: checkpoint)
    for path in ["\(checkpoint)/run", "\(link)/some/run"] {
      let outcome = try Tool.analyze(checkpoint, into: path)
      #expect(outcome.status == 1)
      #expect(
        outcome.errors
          == "Error: \(path): lies in the checkpoint \(checkpoint), and the input is never changed; choose a folder elsewhere\n"
      )
    }
    #expect(!FileManager.default.fileExists(atPath: "\(checkpoint)/run"))
    #expect(!FileManager.default.fileExists(atPath: "\(checkpoint)/some"))
    #expect(try Tool.analyze(checkpoint, into: "\(checkpoint)-run", "--quiet").status == 0)
  }

  @Test("a run folder that may not be made is told")
  func folderNotAllowed() throws {
    let user = try OtherUser(in: folder)
    let locked = folder.path("locked")
    try FileManager.default.createDirectory(atPath: locked, withIntermediateDirectories: true)
    try setMode(0o555, of: locked)
    defer { try? setMode(0o755, of: locked) }
    let path = "\(locked)/run"
    let outcome = try user.run(["analyze", user.checkpoint, "-o", path])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "Error: \(path): cannot make this folder: Permission denied; check the permissions and the free space, and run the same command again\n"
    )
  }

  @Test("a finished run that may not be written is summarised, and is left as it was")
  func finishedRunNotAllowed() throws {
    let user = try OtherUser(in: folder)
    let path = folder.path("run")
    let first = try Tool.analyze(user.checkpoint, into: path, "--quiet")
    #expect(first.status == 0)
    let files = try filesByPath(under: path)
    #expect(try Tool.shell("chmod -R a+rX,a-w run", in: folder.path).status == 0)
    defer { _ = try? Tool.shell("chmod -R u+w run", in: folder.path) }
    let outcome = try user.run(["analyze", user.checkpoint, "-o", path])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output == first.output)
    #expect(try user.run(["report", path]).status == 0)
    #expect(differences(try filesByPath(under: path), files) == [])
  }

  @Test("a run folder that may not be written is told, and is left as it was")
  func runNotAllowed() throws {
    let user = try OtherUser(in: folder)
    let path = folder.path("run")
    #expect(try Tool.analyze(user.checkpoint, into: path, "--quiet").status == 0)
    try FileManager.default.removeItem(atPath: "\(path)/tables/energy.csv")
    let files = try filesByPath(under: path)
    #expect(try Tool.shell("chmod -R a+rX,a-w run", in: folder.path).status == 0)
    defer { _ = try? Tool.shell("chmod -R u+w run", in: folder.path) }
    let outcome = try user.run(["analyze", user.checkpoint, "-o", path])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "Error: \(path)/tables/energy.csv: cannot write: Permission denied; check the permissions and the free space, and run the same command again\n"
    )
    #expect(differences(try filesByPath(under: path), files) == [])
  }

  @Test("a run folder that may not be listed is told")
  func runNotListed() throws {
    let user = try OtherUser(in: folder)
    let path = user.own("run")
    #expect(try user.run(["analyze", user.checkpoint, "-o", path]).status == 0)
    try setMode(0o300, of: path)
    defer { try? setMode(0o755, of: path) }
    let outcome = try user.run(["analyze", user.checkpoint, "-o", path])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "Error: \(path): cannot list this folder: no permission; check the permissions and the free space, and run the same command again\n"
    )
  }
}
