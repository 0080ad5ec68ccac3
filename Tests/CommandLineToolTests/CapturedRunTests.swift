import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Checks whole runs with captures and gradients, and what of them goes through a scratch file.
@Suite struct CapturedRunTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  static let inputs = Samples.fullInputs

  // MARK: A whole run

  @Test("the summary is the golden text")
  func summary() throws {
    let run = try Samples.full.get()
    #expect(run.outcome.status == 0)
    try expectGolden(run.outcome.output, matches: "cli/analyze-qwen2-moe-tiny-full.txt")
  }

  @Test("a run holds all tables and a figure of each kind, and names no place")
  func files() throws {
    let run = try Samples.full.get()
    let tables = run.files.keys.filter { $0.hasPrefix("tables/") }
      .map { $0.dropFirst("tables/".count).dropLast(".csv".count) }
    #expect(
      tables.sorted() == [
        "activation_ratio", "activation_summary", "band_summary", "bands", "coactivation",
        "data_alignment", "data_spectrum", "energy", "floors", "gradient_band_summary",
        "gradient_bands", "gradient_energy", "gradient_similarity", "gradient_spectrum",
        "gradient_summary", "gradient_tail_similarity", "groups", "redundant_pairs",
        "router_alignment", "router_data", "router_score", "router_summary", "routing",
        "routing_summary", "shuffle", "similarity", "spectrum", "summary", "tail_similarity",
      ])
    let figures = run.files.filter { $0.key.hasSuffix(".svg") }
    let kinds = Set(figures.keys.map { $0.dropFirst("figures/".count).prefix { $0 != "-" } })
    for kind in [
      "activation_ratio", "bands", "coactivation", "data_alignment", "router_alignment",
      "router_data", "router_score", "routing", "shuffle", "similarity", "spectrum",
      "tail_similarity",
    ] {
      #expect(kinds.contains(kind[...]), "\(kind)")
    }
    for (name, data) in figures { #expect(XMLParser(data: data).parse(), "\(name)") }
    for (name, data) in run.files {
      let text = String(decoding: data, as: UTF8.self)
      #expect(!text.contains(run.folder.path) && !text.contains("Fixtures"), "\(name)")
    }
  }

  @Test(
    "one worker and two, in memory and through a scratch file, leave the same bytes",
    arguments: [["--jobs", "1"], ["--jobs", "2"], ["--jobs", "2", "--memory", "1"]])
  func sameBytes(options: [String]) throws {
    let path = folder.path("run")
    let outcome = try Tool.run(
      ["analyze", Samples.qwen, "-o", path, "--quiet"] + Self.inputs + options)
    #expect(outcome.status == 0)
    #expect(differences(try filesByPath(under: path), try Samples.full.get().files) == [])
  }

  @Test("--dry-run tells the units of each subject, and writes nothing")
  func dryRun() throws {
    let path = folder.path("run")
    func lines(_ options: [String]) throws -> [String] {
      let outcome = try Tool.run(
        ["analyze", Samples.qwen, "-o", path, "--dry-run", "--jobs", "2"] + options)
      #expect(outcome.status == 0)
      #expect(outcome.errors == "")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
      let lines = outcome.output.split(separator: "\n").map(String.init)
      #expect(
        lines.last?.wholeMatch(of: /peak memory  about [0-9.]+ [MG]B with --jobs 2/) != nil,
        "\(outcome.output)")
      return lines.dropLast()
    }
    #expect(
      try lines(Self.inputs) == [
        "analyses     energy, spectrum, similarity, router, bands, router-data,",
        "             activation-ratio, shuffle, data-alignment, routing, gradients",
        "units        21: 9 of weights, 9 of gradients, 3 of activations", "matrices     234",
        "top k        2", "to read      7.23 MB, and the captures",
      ])
    #expect(
      try lines(Array(Self.inputs.prefix(2)) + ["--analyses", "routing"]) == [
        "analyses     routing", "units        3, each one layer", "matrices     0",
        "top k        2", "to read      the captures",
      ])
  }

  @Test("progress of units without matrices tells the units")
  func progressWithoutMatrices() throws {
    let capture = try CapturedSample.capture.written(in: folder)
    let path = folder.path("run")
    let words = ["--captures", capture, "--analyses", "routing,data-alignment"]
    let first = try Tool.run(["analyze", Samples.tiny, "-o", path] + words)
    #expect(first.status == 0)
    #expect(
      first.errors.wholeMatch(of: /(1 of 2 units .*\n)*2 of 2 units  (under )?\d+ s in all\n/)
        != nil, "\(first.errors)")
    let second = try Tool.run(["analyze", Samples.tiny, "-o", path] + words)
    #expect(second.errors == "2 of 2 units, all measured before\n")
    #expect(second.output == first.output)
  }

  @Test("another capture, or other gradients, are another run")
  func otherCapture() throws {
    let path = folder.path("run")
    func run(_ capture: CapturedSample, _ gradients: CapturedSample) throws -> Tool.Outcome {
      try Tool.analyze(
        Samples.tiny, into: path, "--quiet", "--captures", try capture.written(in: folder),
        "--gradients", try gradients.written(as: "gradients.safetensors", in: folder))
    }
    #expect(try run(.capture, .gradients).status == 0)
    let files = try filesByPath(under: path)
    var capture = CapturedSample.capture
    capture["layers.0.moe_input"] = .random([40, 32], seed: 900)
    let others = [
      (try run(capture, .gradients), "captures"),
      (try run(.capture, CapturedSample.gradients(seed: 900)), "gradients"),
    ]
    for (outcome, input) in others {
      #expect(outcome.status == 1)
      #expect(
        outcome.errors
          == "Error: \(path): holds another run (with other \(input)); choose another folder, or remove this one first\n"
      )
    }
    #expect(differences(try filesByPath(under: path), files) == [])
    #expect(try run(.capture, .gradients).status == 0)
  }

  // MARK: The scratch file

  /// The size of the bases of a unit: 12 experts, 112 directions of 128 values, 4 bytes each.
  private static let basisByteCount = 12 * 112 * 128 * 4

  @Test("a disk that is full while bases are spooled is told; with space the run goes on")
  func fullDisk() throws {
    let path = folder.path("disk/run")
    try FileManager.default.createDirectory(
      atPath: folder.path("disk"), withIntermediateDirectories: true)
    let words = ["analyze", Samples.qwen, "-o", path, "--quiet"] + Self.inputs
    let isMounted =
      try Tool.shell("mount -t tmpfs -o size=400k tmpfs disk", in: folder.path).status == 0
    defer { if isMounted { _ = try? Tool.shell("umount -l disk", in: folder.path) } }
    // Only root may mount; for others the limit of the size of a file stands for the disk.
    let outcome =
      isMounted
      ? try Tool.run(words + ["--memory", "1"])
      : try Tool.shell(
        "ulimit -f 600; \"$SDMOE\" \(words.map { "'\($0)'" }.joined(separator: " ")) --memory 1",
        in: folder.path)
    let reason = isMounted ? "No space left on device" : "File too large"
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(
      outcome.errors
        == "Error: \(path): cannot make a scratch file of \(Self.basisByteCount) bytes for the bases of one layer: \(reason); free some space or allow more --memory, and run the same command again\n"
    )
    let reference = try Samples.full.get().files
    let left = try filesByPath(under: path)
    #expect(left.keys.contains("units/layer-000-activations/contents.txt"))
    #expect(
      left.keys.filter { left[$0] != reference[$0] } == ["manifest.json"], "\(left.keys.sorted())")
    if isMounted {
      #expect(try Tool.shell("mount -o remount,size=50m disk", in: folder.path).status == 0)
    }
    #expect(try Tool.run(words).status == 0)
    #expect(differences(try filesByPath(under: path), reference) == [])
  }

  #if os(Linux)
    @Test("a run that is killed while bases are spooled leaves no scratch file, and resumes")
    func killed() throws {
      let path = folder.path("run")
      let words = ["analyze", Samples.qwen, "-o", path, "--quiet", "--memory", "1"] + Self.inputs
      let reference = try Samples.full.get().files
      var kills = 0
      for _ in 0..<4 {
        let units = finishedUnits(in: path)
        let started = try Tool.start(
          try Tool.path.get(), words, in: folder.path, streams: TemporaryFolder())
        while started.process.isRunning,
          finishedUnits(in: path) < units + 3 || !hasScratchFile(started.identifier, in: path)
        {
          Thread.sleep(forTimeInterval: 0.001)
        }
        kill(started.identifier, SIGKILL)
        if try started.outcome().status == -SIGKILL { kills += 1 }
        let left = try filesByPath(under: path)
        #expect(
          left.keys.filter { reference[$0] == nil && !$0.contains(".work/") } == [],
          "only files of the run, and those of a unit that was being written")
        #expect(left.values.allSatisfy { $0.count < Self.basisByteCount })
      }
      #expect(kills >= 1)
      #expect(try Tool.run(words).status == 0)
      #expect(differences(try filesByPath(under: path), reference) == [])
    }

    /// Whether a process holds a file without a name in a folder.
    private func hasScratchFile(_ process: pid_t, in path: String) -> Bool {
      let files = "/proc/\(process)/fd"
      let names = (try? FileManager.default.contentsOfDirectory(atPath: files)) ?? []
      return names.contains { name in
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(files)/\(name)")
        return target?.hasPrefix(path) == true && target?.hasSuffix("(deleted)") == true
      }
    }
  #endif
}
