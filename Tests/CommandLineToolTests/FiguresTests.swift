import Foundation
import TestSupport
import Testing

/// Checks `sdmoe figures` as users run it.
@Suite struct FiguresTests {
  private let folder: TemporaryFolder
  private let run: String

  init() throws {
    folder = try TemporaryFolder()
    run = try Samples.reference.get().folder.path("run")
  }

  private func figures(_ options: String) throws -> Tool.Outcome {
    try Tool.run(
      ["figures", run, "-o", folder.path("out")] + options.split(separator: " ").map(String.init))
  }

  @Test("the files that are told are all that is written, as wide as was asked")
  func files() throws {
    let outcome = try figures(
      "--kind similarity --layers 0-1 --projections gate --format svg --width 240pt --range 0-1")
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    let names = [0, 1].map { "similarity-layer-0\($0)-gate_proj-hidden.svg" }
    #expect(
      outcome.output == names.map { "\(folder.path("out"))/\($0)\n" }.joined())
    let files = try filesByPath(under: folder.path("out"))
    #expect(Set(files.keys) == Set(names))
    for (name, bytes) in files {
      #expect(String(decoding: bytes, as: UTF8.self).contains("width=\"240pt\""), "\(name)")
    }
  }

  @Test("what a caption should say stands below each file where the picture lacks it")
  func captions() throws {
    let outcome = try figures("--kind similarity --layers 0 --format svg --no-title")
    #expect(outcome.status == 0)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines[0] == "\(folder.path("out"))/similarity-layer-00-gate_proj-hidden.svg")
    #expect(lines[1].hasPrefix("    Layer 0 · gate_proj · hidden side"))
    #expect(lines.allSatisfy { $0.hasPrefix("    ") || $0.hasSuffix(".svg") })
  }

  @Test("a PDF and a PNG are what their names say", arguments: [("pdf", "%PDF-"), ("png", "PNG")])
  func formats(format: String, mark: String) throws {
    let outcome = try figures("--kind similarity --layers 0 --projections gate --format \(format)")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let files = try filesByPath(under: folder.path("out"))
    #expect(Array(files.keys) == ["similarity-layer-00-gate_proj-hidden.\(format)"])
    let start = try #require(files.first).value.prefix(5)
    #expect(String(decoding: start, as: UTF8.self).contains(mark))
  }

  @Test("a file that is higher than a page is told, with what makes it lower")
  func tall() throws {
    let outcome = try figures(
      "--kind similarity --sheet --projections gate --format svg --width 1200mm")
    #expect(outcome.status == 0)
    let words = outcome.errors.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(
      words.contains(
        /^similarity-layers-gate_proj-hidden.svg is 1200 by [0-9]+ mm, higher than a page of A4 \(297 mm\); fewer --layers make it lower$/
      ), "\(outcome.errors)")
    let low = try figures("--kind similarity --layers 0 --format svg")
    #expect(low.errors == "")
  }

  @Test("existing files stay unless --force is given")
  func existing() throws {
    let name = "similarity-layer-00-gate_proj-hidden.svg"
    try folder.write("mine", as: "out/\(name)")
    let words = "--kind similarity --layers 0 --projections gate --format svg"
    let refused = try figures(words)
    #expect(refused.status == 1)
    #expect(refused.output == "")
    #expect(refused.errors.contains(name) && refused.errors.contains("--force"))
    #expect(try filesByPath(under: folder.path("out")) == [name: Data("mine".utf8)])
    #expect(try figures(words + " --force").status == 0)
    #expect(try filesByPath(under: folder.path("out"))[name] != Data("mine".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out"])
  }

  @Test(
    "what the run lacks is told, with what it has",
    arguments: [
      ("--layers 7", "layer"), ("--kind coactivation", "sdmoe analyze"),
      ("--kind gradient_bands", "--gradients"),
    ])
  func lacking(options: String, hint: String) throws {
    let outcome = try figures(options)
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(
      outcome.errors.hasPrefix("Error: \(run)") && outcome.errors.contains(hint),
      "\(outcome.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }
}
