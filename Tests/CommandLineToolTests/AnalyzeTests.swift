import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Checks `sdmoe analyze` from the command line to the files of a run.
@Suite struct AnalyzeTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  static let hiddenProjections = ["gate_proj", "up_proj"]
  static let projections = ["gate_proj", "up_proj", "down_proj"]

  // MARK: A whole run

  @Test("a run holds the files that the design names, and no others")
  func files() throws {
    let run = try Samples.reference.get()
    #expect(run.outcome.status == 0)
    var expected: Set = ["manifest.json", "index.html", "figures/INDEX.md"]
    let tables = [
      "energy", "floors", "groups", "redundant_pairs", "router_alignment", "router_score",
      "router_summary", "similarity", "spectrum", "summary",
    ]
    for table in tables { expected.insert("tables/\(table).csv") }
    for layer in 0..<3 {
      for projection in Self.projections {
        expected.insert("figures/similarity-layer-0\(layer)-\(projection)-hidden.svg")
        expected.insert("figures/spectrum-layer-0\(layer)-\(projection).svg")
        expected.insert("figures/energy_curve-layer-0\(layer)-\(projection).svg")
        expected.insert("units/layer-00\(layer)-\(projection)/contents.txt")
        expected.insert("units/layer-00\(layer)-\(projection)/sources.txt")
        for table in [
          "energy", "floors", "groups", "redundant_pairs", "similarity", "spectrum", "summary",
        ] {
          expected.insert("units/layer-00\(layer)-\(projection)/\(table).csv")
        }
      }
      for projection in Self.hiddenProjections {
        expected.insert("figures/router_alignment-layer-0\(layer)-\(projection).svg")
        expected.insert("figures/router_score-layer-0\(layer)-\(projection).svg")
        for table in ["router_alignment", "router_score", "router_summary"] {
          expected.insert("units/layer-00\(layer)-\(projection)/\(table).csv")
        }
      }
    }
    for measure in ["similarity", "energy", "router_score"] {
      expected.insert("figures/profile-\(measure).svg")
    }
    #expect(Set(run.files.keys) == expected)
  }

  @Test("every figure is XML")
  func figures() throws {
    let figures = try Samples.reference.get().files.filter { $0.key.hasSuffix(".svg") }
    #expect(figures.count == 42)
    for (name, data) in figures {
      #expect(XMLParser(data: data).parse(), "\(name)")
      #expect(String(decoding: data, as: UTF8.self).contains("<svg"), "\(name)")
    }
  }

  @Test("no file names the place of the checkpoint or of the run, or the day")
  func noPaths() throws {
    let run = try Samples.reference.get()
    let year = String(Calendar(identifier: .gregorian).component(.year, from: Date()))
    for (name, data) in run.files {
      let text = String(decoding: data, as: UTF8.self)
      #expect(!text.contains(run.folder.path), "\(name)")
      #expect(!text.contains("Fixtures"), "\(name)")
      if name == "manifest.json" { #expect(!text.contains(year)) }
    }
  }

  @Test("the summary is the golden text")
  func summary() throws {
    try expectGolden(
      try Samples.reference.get().outcome.output, matches: "cli/analyze-qwen2-moe-tiny.txt")
  }

  @Test("the summary speaks only of what was measured")
  func shortSummary() throws {
    let outcome = try Tool.run(
      [
        "analyze", Samples.tiny, "-o", "run", "--layers", "1", "--analyses", "energy", "--fraction",
        "0.0005",
      ],
      in: folder.path)
    #expect(outcome.status == 0)
    try expectGolden(outcome.output, matches: "cli/analyze-energy.txt")
  }

  // MARK: Streams

  @Test("progress off a terminal is plain lines on stderr")
  func plainProgress() throws {
    let errors = try Samples.reference.get().outcome.errors
    let lines = errors.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.last == "")
    let last = try #require(lines.dropLast().last)
    #expect(
      last.wholeMatch(
        of: /9 of 9 units  117 of 117 matrices  [0-9.]+ [kMG]?B\/s  (under )?[0-9]+ s in all/)
        != nil,
      "\(errors)")
    #expect(!errors.contains("\r"))
    #expect(!errors.contains("\u{1b}"))
  }

  @Test("progress is told every few seconds, with the time left")
  func repeatedProgress() throws {
    // A run that is stopped for longer than the pause between lines has to tell one when it goes
    // on.
    for attempt in 0..<5 {
      let path = folder.path("run\(attempt)")
      let started = try Tool.start(
        try Tool.path.get(), ["analyze", Samples.qwen, "-o", path, "--jobs", "1"], in: folder.path,
        streams: TemporaryFolder())
      waitForUnit(in: path, of: started)
      kill(started.identifier, SIGSTOP)
      let isUnderWay = finishedUnits(in: path) < 8
      if isUnderWay { Thread.sleep(forTimeInterval: 5.2) }
      kill(started.identifier, SIGCONT)
      let outcome = try started.outcome()
      guard isUnderWay else { continue }
      #expect(outcome.status == 0)
      let lines = outcome.errors.split(separator: "\n")
      #expect(lines.count == 2, "\(outcome.errors)")
      #expect(
        lines.first?.wholeMatch(
          of: /[0-8] of 9 units  \d+ of 117 matrices  [0-9.]+ [kM]?B\/s  (under )?\d+ s left/)
          != nil,
        "\(outcome.errors)")
      return
    }
    Issue.record("five runs ended before they could be stopped")
  }

  @Test("progress on a terminal is one line that is written over")
  func terminalProgress() throws {
    let outcome = try Tool.shell(
      "script -qec '\"$SDMOE\" analyze \"$CKPT\" -o run > summary' /dev/null", in: folder.path,
      environment: ["CKPT": Samples.qwen])
    #expect(outcome.status == 0)
    let parts = outcome.output.split(separator: "\r\u{1b}[2K", omittingEmptySubsequences: false)
    #expect(parts.count >= 2, "\(outcome.output)")
    #expect(parts.first == "")
    #expect(parts.dropLast().allSatisfy { !$0.contains("\n") && $0.count < 80 })
    #expect(parts.last?.hasPrefix("9 of 9 units  117 of 117 matrices") == true)
    #expect(parts.last?.hasSuffix("\r\n") == true)
    let summary = try String(contentsOfFile: folder.path("summary"), encoding: .utf8)
    #expect(summary == (try Samples.reference.get().outcome.output))
  }

  @Test("progress and tables fit a terminal of 40 columns, and prose does")
  func narrowTerminal() throws {
    let outcome = try Tool.shell(
      "script -qec 'stty cols 40; \"$SDMOE\" analyze \"$CKPT\" -o run' /dev/null", in: folder.path,
      environment: ["CKPT": Samples.qwen])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("9 of 9 units"))
    for line in outcome.output.split(whereSeparator: \.isNewline) {
      let shown = line.replacing("\u{1b}[2K", with: "")
      #expect(shown.count <= 40 || !shown.contains(" "), "\(shown)")
    }
  }

  @Test("off a terminal lines have 80 characters at most, or what COLUMNS says")
  func lineWidths() throws {
    let summary = try Samples.reference.get().outcome.output
    #expect(summary.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(summary)")
    let narrow = try Tool.shell(
      "COLUMNS=50 \"$SDMOE\" analyze \"$CKPT\" -o run --quiet", in: folder.path,
      environment: ["CKPT": Samples.tiny])
    #expect(narrow.status == 0)
    #expect(narrow.output.split(separator: "\n").allSatisfy { $0.count <= 50 }, "\(narrow.output)")
  }

  @Test("after an interruption matrices are counted as units are")
  func resumedProgress() throws {
    let path = folder.path("run")
    #expect(try Tool.analyze(Samples.qwen, into: path).status == 0)
    try FileManager.default.removeItem(atPath: "\(path)/units/layer-001-up_proj")
    let errors = try Tool.analyze(Samples.qwen, into: path).errors
    #expect(errors.contains("9 of 9 units  117 of 117 matrices"), "\(errors)")
  }

  @Test("an option that is given twice means what both say")
  func repeatedLists() throws {
    let outcome = try Tool.run(
      [
        "analyze", Samples.qwen, "-o", folder.path("run"), "--layers", "2", "--layers", "0",
        "--projections", "gate", "--projections", "down", "--analyses", "energy", "--dry-run",
        "--analyses", "spectrum",
      ])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("energy, spectrum"))
    #expect(outcome.output.contains("4, each one layer and projection"), "\(outcome.output)")
  }

  @Test("with --quiet nothing is on stderr")
  func quiet() throws {
    let outcome = try Tool.analyze(Samples.tiny, into: folder.path("run"), "--quiet")
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(
      outcome.output.hasPrefix("qwen3_moe, layers 0-1, the top 1 % of singular directions (k = 1)"))
  }

  // MARK: Options

  @Test("--dry-run tells the size of the work, and writes nothing")
  func dryRun() throws {
    let outcome = try Tool.analyze(
      Samples.qwen, into: folder.path("a/run"), "--dry-run", "--jobs", "2", "--layers", "1-2")
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(
      lines.dropLast() == [
        "analyses     energy, spectrum, similarity, router",
        "units        6, each one layer and projection", "matrices     78", "top k        2",
        "to read      2.41 MB",
      ])
    #expect(lines.last?.wholeMatch(of: /peak memory  about [0-9.]+ MB with --jobs 2/) != nil)
  }

  @Test("--dry-run refuses what the run would refuse")
  func dryRunRefusal() throws {
    try folder.write("mine", as: "run/a.txt")
    let outcome = try Tool.analyze(Samples.qwen, into: folder.path("run"), "--dry-run")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("holds files but no manifest.json"))
  }

  @Test("a subset of layers and projections gives those rows of the whole run")
  func subset() throws {
    let reference = try Samples.reference.get().files
    let path = folder.path("run")
    let outcome = try Tool.analyze(
      Samples.qwen, into: path, "--layers", "0,2", "--projections", "down,up_proj")
    #expect(outcome.status == 0)
    let files = try filesByPath(under: path)
    for table in [
      "energy", "similarity", "spectrum", "summary", "router_score", "router_alignment",
    ] {
      let name = "tables/\(table).csv"
      let wanted = rows(reference[name]).filter { $0[0] != "1" && $0[1] != "gate_proj" }
      #expect(!wanted.isEmpty)
      #expect(rows(files[name]) == wanted, "\(table)")
    }
    #expect(
      files.keys.filter { $0.hasPrefix("figures/similarity") }.sorted() == [
        "figures/similarity-layer-00-down_proj-hidden.svg",
        "figures/similarity-layer-00-up_proj-hidden.svg",
        "figures/similarity-layer-02-down_proj-hidden.svg",
        "figures/similarity-layer-02-up_proj-hidden.svg",
      ])
  }

  static let analyses: [(name: String, tables: [String], figures: Set<String>)] = [
    ("energy", ["energy"], ["profile"]), ("spectrum", ["spectrum"], ["spectrum"]),
    (
      "similarity", ["floors", "groups", "redundant_pairs", "similarity", "summary"],
      ["profile", "similarity"]
    ),
    (
      "router", ["router_alignment", "router_score", "router_summary"],
      ["profile", "router_alignment", "router_score"]
    ),
  ]

  @Test(
    "one analysis gives its own tables and figures, equal to those of the whole run",
    arguments: analyses)
  func analysis(name: String, tables: [String], figures: Set<String>) throws {
    let reference = try Samples.reference.get().files
    let path = folder.path("run")
    let outcome = try Tool.analyze(Samples.qwen, into: path, "--analyses", name)
    #expect(outcome.status == 0)
    let files = try filesByPath(under: path)
    let made = files.keys.filter { $0.hasPrefix("tables/") }.sorted()
    #expect(made == tables.map { "tables/\($0).csv" })
    for table in made { #expect(files[table] == reference[table], "\(table)") }
    let kinds = Set(
      files.keys.filter { $0.hasPrefix("figures/") && $0.hasSuffix(".svg") }.map {
        String($0.dropFirst("figures/".count).prefix { $0 != "-" })
      })
    #expect(kinds == figures)
  }

  @Test("one worker and two leave the same bytes", arguments: [1, 2])
  func jobs(count: Int) throws {
    let path = folder.path("run")
    let outcome = try Tool.analyze(Samples.qwen, into: path, "--jobs", "\(count)")
    #expect(outcome.status == 0)
    #expect(differences(try filesByPath(under: path), try Samples.reference.get().files) == [])
  }

  // MARK: The same folder again

  @Test("the same command again measures nothing, and leaves the same bytes")
  func again() throws {
    let path = folder.path("run")
    let first = try Tool.analyze(Samples.tiny, into: path)
    func times() throws -> [String: Date] {
      var times: [String: Date] = [:]
      for name in try filesByPath(under: path).keys where name.hasPrefix("units/") {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(path)/\(name)")
        times[name] = attributes[.modificationDate] as? Date
      }
      return times
    }
    let files = try filesByPath(under: path)
    let before = try times()
    #expect(before.count > 30)
    let second = try Tool.analyze(Samples.tiny, into: path)
    #expect(second.status == 0)
    #expect(second.output == first.output)
    #expect(second.errors == "6 of 6 units, all measured before\n")
    #expect(try times() == before)
    #expect(differences(try filesByPath(under: path), files) == [])
  }

  static let otherOptions: [(words: [String], difference: String)] = [
    (["--fraction", "0.1"], "with --fraction 0.01"), (["--layers", "0"], "of layers 0-1"),
    (["--projections", "up"], "of the projections gate_proj,up_proj,down_proj"),
    (["--analyses", "router"], "of the analyses energy,spectrum,similarity,router"),
  ]

  @Test("other options in the same folder are refused, and change nothing")
  func otherRun() throws {
    let path = folder.path("run")
    #expect(try Tool.analyze(Samples.tiny, into: path).status == 0)
    let files = try filesByPath(under: path)
    for (words, difference) in Self.otherOptions {
      let outcome = try Tool.run(["analyze", Samples.tiny, "-o", path] + words)
      #expect(outcome.status == 1)
      #expect(outcome.output == "")
      #expect(
        outcome.errors
          == "Error: \(path): holds another run (\(difference)); choose another folder, or remove this one first\n"
      )
    }
    let other = try Tool.analyze(Fixture.url("families/mixtral/hub").path, into: path)
    #expect(other.status == 1)
    #expect(
      other.errors.contains("holds another run (of another checkpoint of model_type qwen3_moe)"))
    #expect(differences(try filesByPath(under: path), files) == [])
  }
}

/// Waits until a run has its first finished unit, or is over.
func waitForUnit(in run: String, of started: Tool.Started) {
  while started.process.isRunning, finishedUnits(in: run) == 0 {
    Thread.sleep(forTimeInterval: 0.001)
  }
}

/// How many units a run folder holds.
func finishedUnits(in run: String) -> Int {
  let names = try? FileManager.default.contentsOfDirectory(atPath: "\(run)/units")
  return (names ?? []).count { $0.hasPrefix("layer-") && !$0.hasSuffix(".work") }
}
