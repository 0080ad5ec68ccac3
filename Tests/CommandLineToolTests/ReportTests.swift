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
}
