import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Checks `sdmoe report` and `sdmoe compare` as users run them.
@Suite struct ReportTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A copy of the trained model's run.
  private func copy(as name: String) throws -> String {
    let reference = try Samples.reference.get()
    try FileManager.default.copyItem(
      atPath: reference.folder.path("run"), toPath: folder.path(name))
    return folder.path(name)
  }

  @Test("report makes anew what analyze made, byte for byte")
  func anew() throws {
    let run = try copy(as: "run")
    for name in ["index.html", "figures"] {
      try FileManager.default.removeItem(atPath: "\(run)/\(name)")
    }
    let outcome = try Tool.run(["report", run])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("\(run)/index.html"))
    #expect(try filesByPath(under: run) == (try Samples.reference.get().files))
  }

  /// Changes a digit of a file.
  private func edit(_ path: String, _ old: String, _ new: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    #expect(text.contains(old), "\(path)")
    let first = try #require(text.range(of: old))
    try text.replacingCharacters(in: first, with: new).write(
      toFile: path, atomically: true, encoding: .utf8)
  }

  @Test("tables, page and manifest that were edited or lost are written anew from the units")
  func editedTables() throws {
    let run = try copy(as: "run")
    try edit("\(run)/tables/summary.csv", "0.3", "0.9")
    try edit("\(run)/index.html", "0.3", "0.9")
    try edit("\(run)/manifest.json", "\"finished\"", "\"open\"")
    try FileManager.default.removeItem(atPath: "\(run)/tables/energy.csv")
    try "mine".write(toFile: "\(run)/tables/notes.csv", atomically: true, encoding: .utf8)
    #expect(try Tool.run(["report", run]).status == 0)
    let files = try filesByPath(under: run)
    #expect(differences(files, try Samples.reference.get().files) == ["tables/notes.csv"])
  }

  @Test(
    "edited units and an edited manifest are refused by all who read a run; analyze mends units")
  func editedUnits() throws {
    let run = try copy(as: "run")
    try edit("\(run)/units/layer-001-up_proj/summary.csv", "0.3", "0.9")
    let other = try copy(as: "other")
    try edit("\(other)/manifest.json", "\"fraction\" : 0.01", "\"fraction\" : 0.02")
    for words in [["report", run], ["compare", run, run, "-o", folder.path("out")]] {
      let outcome = try Tool.run(words)
      #expect(outcome.status == 1)
      #expect(
        outcome.errors.contains("not as sdmoe wrote it: units/layer-001-up_proj/summary.csv;"))
    }
    for words in [["report", other], ["compare", other, other, "-o", folder.path("out")]] {
      let outcome = try Tool.run(words)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("its units were not measured for the manifest.json"))
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
    #expect(try Tool.analyze(Samples.qwen, into: run).status == 0)
    #expect(try filesByPath(under: run) == (try Samples.reference.get().files))
  }

  @Test("another name in the manifest is noticed by all who read a run, and analyze mends it")
  func editedName() throws {
    let run = try copy(as: "run")
    try edit("\(run)/manifest.json", "\"name\" : \"qwen2-moe-tiny\"", "\"name\" : \"qwen3-235b\"")
    let out = folder.path("out")
    for words in [
      ["report", run], ["compare", run, run, "-o", out], ["figures", run, "-o", out],
    ] {
      let outcome = try Tool.run(words)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("\(run): its manifest.json is not as sdmoe wrote it"))
    }
    #expect(!FileManager.default.fileExists(atPath: out))
    #expect(try Tool.analyze(Samples.qwen, into: run).status == 0)
    #expect(try filesByPath(under: run) == (try Samples.reference.get().files))
  }

  @Test("report writes nothing through a link in the run")
  func linkedTables() throws {
    let run = try copy(as: "run")
    try FileManager.default.removeItem(atPath: "\(run)/tables")
    try folder.write("mine", as: "elsewhere/summary.csv")
    try FileManager.default.createSymbolicLink(
      atPath: "\(run)/tables", withDestinationPath: folder.path("elsewhere"))
    for words in [["report", run], ["analyze", Samples.qwen, "-o", run]] {
      let outcome = try Tool.run(words)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("\(run)/tables: is a link to \(folder.path("elsewhere"))"))
    }
    #expect(
      try filesByPath(under: folder.path("elsewhere")) == ["summary.csv": Data("mine".utf8)])
  }

  @Test("what is no finished run is refused with 1, and nothing is written")
  func refusals() throws {
    for path in [folder.path("none"), Samples.tiny] {
      let outcome = try Tool.run(["report", path])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("give a folder that sdmoe analyze wrote"))
    }
    let run = try copy(as: "open")
    try FileManager.default.removeItem(atPath: "\(run)/units/layer-001-up_proj")
    try FileManager.default.removeItem(atPath: "\(run)/index.html")
    let outcome = try Tool.run(["report", run])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("layer-001-up_proj"))
    #expect(!FileManager.default.fileExists(atPath: "\(run)/index.html"))
    // The command that is named finishes the run.
    let command = try #require(outcome.errors.firstMatch(of: /sdmoe (analyze .*)/)).1
    let words = command.replacing("<checkpoint>", with: Samples.qwen).split(separator: " ")
    #expect(try Tool.run(words.map(String.init)).status == 0)
    #expect(try filesByPath(under: run) == (try Samples.reference.get().files))
  }

  @Test("a converted checkpoint is compared with its original, by the excess over chance")
  func converted() throws {
    let run = try copy(as: "a")
    let factored = folder.path("factored")
    #expect(try Tool.run(["convert", Samples.qwen, "-o", factored, "-q"]).status == 0)
    #expect(try Tool.analyze(factored, into: folder.path("b")).status == 0)
    let outcome = try Tool.run(["compare", run, folder.path("b"), "-o", folder.path("out")])
    #expect(outcome.status == 0)
    let words = outcome.output.split { " \n".contains($0) }.joined(separator: " ")
    #expect(words.contains("the excess over chance fell in 9 and rose in 0 of 9"))
    let files = try filesByPath(under: folder.path("out"))
    #expect(files.keys.filter { $0.hasPrefix("figures/similarity-change-") }.count == 9)
    for (name, data) in files where name.hasSuffix(".svg") {
      #expect(XMLParser(data: data).parse(), "\(name)")
    }
    let again = try Tool.run(["compare", run, folder.path("b"), "-o", folder.path("out")])
    #expect(again.status == 1 && again.errors.contains("--force"))
    let forced = try Tool.run(
      ["compare", run, folder.path("b"), "-o", folder.path("out"), "--force"])
    #expect(forced.status == 0)
    #expect(try filesByPath(under: folder.path("out")) == files)
  }

  @Test("another fraction is refused, and nothing is written")
  func otherFraction() throws {
    let other = folder.path("b")
    #expect(try Tool.analyze(Samples.qwen, into: other, "--fraction", "0.05").status == 0)
    let outcome = try Tool.run(["compare", try copy(as: "a"), other, "-o", folder.path("out")])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("0.01 of the directions in the first and 0.05 in the second"))
    #expect(!FileManager.default.fileExists(atPath: folder.path("out")))
  }

  @Test("more than two runs are compared in the order given, called by their folders")
  func series() throws {
    let runs = try ["step-1", "step-2", "step-3"].map { try copy(as: $0) }
    let outcome = try Tool.run(["compare"] + runs + ["-o", folder.path("out")])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let words = outcome.output.split { " \n".contains($0) }.joined(separator: " ")
    #expect(words.hasPrefix("Run 1 is qwen2-moe-tiny (step-1). Run 2 is qwen2-moe-tiny (step-2)."))
    #expect(words.contains("from 0.303 in run 1 to 0.303 in run 3, by 0.000"))
    #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.contains("/") })
    let files = try filesByPath(under: folder.path("out"))
    #expect(rows(files["tables/run_means.csv"]).count == (3 + 3 + 2) * 3)
    for (name, data) in files where name.hasSuffix(".svg") {
      #expect(XMLParser(data: data).parse(), "\(name)")
    }
    let inside = try Tool.run(["compare"] + runs + ["-o", "\(runs[2])/out"])
    #expect(inside.status == 1 && inside.errors.contains("lies in the run"))
  }
}
