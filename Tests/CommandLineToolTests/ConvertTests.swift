import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks `sdmoe convert` and `sdmoe verify` as a user meets them.
@Suite struct ConvertTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
  }

  private func convert(_ checkpoint: String, _ options: String..., into output: String = "out")
    throws -> Tool.Outcome
  {
    try Tool.run(["convert", checkpoint, "-o", output] + options, in: folder.path)
  }

  private func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.path(name))
  }

  // MARK: A whole conversion

  @Test("a conversion tells every unit and the way to check it, and is what it says")
  func whole() throws {
    let outcome = try convert(Samples.tiny, "--common-rank", "1", "--quiet")
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0].hasPrefix("out: split, "))
    #expect(lines[1...2] == ["nothing is lost: the parts add up to the original", ""])
    #expect(
      lines[3] == "layer  projection  rank  kept    before  (floor)  after  (floor)  corrected")
    #expect(lines[4].hasPrefix("0      gate_proj   1 "))
    #expect(lines[9].hasPrefix("1      down_proj   1 "))
    #expect(lines.suffix(2) == ["check it at any time with: sdmoe verify out", ""])
    let verified = try Tool.run(["verify", "out", "--against", Samples.tiny], in: folder.path)
    #expect(verified.status == 0)
    #expect(
      verified.output
        == "out: is what was written: 4 files, 165 tensors and 6 units agree with the\n  certificate\n"
    )
    #expect(!exists("out.sdmoe-partial"))
    let files = try filesByPath(under: folder.path("out"))
    for (name, data) in files {
      #expect(!String(decoding: data, as: UTF8.self).contains(folder.path), "\(name)")
    }
    let again = try convert(Samples.tiny, "--common-rank", "1", "--quiet")
    #expect(
      again.output
        == "out: was there already, made from the same input; sdmoe verify checks its bytes\n")
    #expect(differences(try filesByPath(under: folder.path("out")), files) == [])
  }

  @Test("a factored checkpoint is merged to the same bytes")
  func roundTrip() throws {
    #expect(try convert(Samples.qwen, "--quiet", "--certificate", "basic").status == 0)
    let merged = try convert(folder.path("out"), "--form", "merged", "--quiet", into: "whole")
    #expect(merged.status == 0)
    #expect(merged.output.hasPrefix("whole: merged, "))
    // What comes back is no loss.
    #expect(merged.output.contains("\nthe original's weights again\n"))
    #expect(merged.output.contains("\nlayer  projection  rank  put back  corrected\n"))
    let verified = try Tool.run(["verify", "whole"], in: folder.path)
    #expect(verified.status == 0, "\(verified.errors)")
    let config = try Data(contentsOf: URL(filePath: folder.path("whole/config.json")))
    #expect(config == (try Data(contentsOf: URL(filePath: "\(Samples.qwen)/config.json"))))
    // The same run of energies: the weights are the same.
    for (path, run) in [(folder.path("whole"), "a"), (Samples.qwen, "b")] {
      #expect(
        try Tool.analyze(path, into: folder.path(run), "--analyses", "energy", "--quiet").status
          == 0)
    }
    let table = "tables/energy.csv"
    #expect(
      try filesByPath(under: folder.path("a"))[table]
        == filesByPath(under: folder.path("b"))[table])
  }

  @Test("strict mode says that the model is another")
  func strict() throws {
    let outcome = try convert(
      Samples.tiny, "--common-rank", "1", "--mode", "strict", "--form", "merged")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("\nthe model is another: what strict mode drops is not in"))
    #expect(outcome.output.contains("  dropped  before  (floor)  after  (floor)\n"))
  }

  @Test("the output can be analysed")
  func analyze() throws {
    #expect(try convert(Samples.tiny, "--common-rank", "2", "--quiet").status == 0)
    let run = try Tool.analyze(folder.path("out"), into: folder.path("run"), "--quiet")
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.hasPrefix("unique parts, with the common rank 2 projected out\n"))
  }

  @Test("the load of captured tokens weighs the experts, and is named in the certificate")
  func usage() throws {
    let captures = Fixture.url("qwen2-moe-tiny/captures/activations.h5").path
    let basic = ["--certificate", "basic", "--quiet"]
    let outcome = try Tool.run(
      ["convert", Samples.qwen, "-o", "out", "--weights", "usage", "--captures", captures] + basic,
      in: folder.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      try Tool.run(["convert", Samples.qwen, "-o", "plain"] + basic, in: folder.path).status == 0)
    let weighed = try filesByPath(under: folder.path("out"))
    let plain = try filesByPath(under: folder.path("plain"))
    let factors = "sdmoe-factors-00001-of-00001.safetensors"
    #expect(weighed[factors] != nil && weighed[factors] != plain[factors])
    let text = String(decoding: weighed["sdmoe/certificate.json"] ?? Data(), as: UTF8.self)
    #expect(text.contains(#""weights" : "usage""#))
    #expect(!text.contains("Fixtures"))
    #expect(
      try Tool.run(["verify", "out", "--against", Samples.qwen], in: folder.path).status == 0)
  }

  @Test("a dry run tells what would be done, and writes nothing")
  func dryRun() throws {
    let outcome = try convert(Samples.tiny, "--common-rank", "1", "--dry-run")
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "split        6 units, 24 matrices")
    #expect(lines[1].hasPrefix("to read      "))
    #expect(lines[2].hasPrefix("to write     about "))
    #expect(lines[3...] == [""])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test("progress goes to stderr, and --quiet leaves it out")
  func progress() throws {
    #expect(try convert(Samples.tiny, "--common-rank", "1", into: "a").errors != "")
    #expect(try convert(Samples.tiny, "--common-rank", "1", "-q", into: "b").errors == "")
    let files = try ["a", "b"].map { try filesByPath(under: folder.path($0)) }
    #expect(differences(files[0], files[1]) == [])
  }

  // MARK: Interruptions

  @Test("a killed conversion goes on where it stopped", arguments: [["exact"], ["strict"]])
  func kills(mode: [String]) throws {
    let words =
      ["convert", Samples.qwen, "--quiet", "--mode", mode[0]]
      + (mode == ["strict"] ? ["--form", "merged"] : [])
    #expect(try Tool.run(words + ["-o", "whole"], in: folder.path).status == 0)
    let whole = try filesByPath(under: folder.path("whole"))
    let units = folder.path("out.sdmoe-partial/units")
    // After none, three and all nine of the units.
    for finished in [0, 3, 9] {
      let streams = try TemporaryFolder()
      let started = try Tool.start(
        try Tool.path.get(), words + ["-o", "out"], in: folder.path, streams: streams)
      while started.process.isRunning {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: units)) ?? []
        if exists("out.sdmoe-partial/output"),
          names.count(where: { !$0.hasSuffix(".work") }) >= finished
        {
          break
        }
        usleep(500)
      }
      kill(started.identifier, SIGKILL)
      let outcome = try started.outcome()
      // The last one may have been faster.
      #expect(outcome.status == -SIGKILL || finished == 9)
      let resumed = try Tool.run(words + ["-o", "out"], in: folder.path)
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(differences(try filesByPath(under: folder.path("out")), whole) == [])
      #expect(!exists("out.sdmoe-partial"))
      try FileManager.default.removeItem(atPath: folder.path("out"))
    }
  }

  @Test("a unit that is converted again since its input has changed is told, as analyze tells it")
  func changedInput() throws {
    let copy = folder.path("model")
    try Samples.copy(of: Samples.qwen, to: copy)
    let units = folder.path("out.sdmoe-partial/units")
    let words = ["convert", copy, "-o", "out", "--certificate", "basic"]
    let started = try Tool.start(
      try Tool.path.get(), words, in: folder.path, streams: TemporaryFolder())
    while started.process.isRunning, !exists("out.sdmoe-partial/units/layer-000-gate_proj") {
      usleep(500)
    }
    kill(started.identifier, SIGKILL)
    #expect(try started.outcome().status == -SIGKILL)
    #expect(FileManager.default.fileExists(atPath: "\(units)/layer-000-gate_proj"))
    let expert = "model.layers.0.mlp.experts.2.gate_proj.weight"
    let shard = try #require(
      try FileManager.default.contentsOfDirectory(atPath: copy).sorted().first {
        $0.hasSuffix(".safetensors")
          && (try? Data(contentsOf: URL(filePath: "\(copy)/\($0)")))?.firstRange(
            of: Data("\"\(expert)\"".utf8)) != nil
      })
    try replaceElements(of: expert, in: "\(copy)/\(shard)")
    let resumed = try Tool.run(words, in: folder.path)
    #expect(resumed.status == 0)
    #expect(
      resumed.errors.contains(
        "the input has changed since it was converted; converted again: layer 0 gate_proj\n"),
      "\(resumed.errors)")
    #expect(try Tool.run(words + ["-q"], in: folder.path).errors == "")
  }

  @Test("what an interruption left in the unfinished output does not reach the output")
  func leftovers() throws {
    let words = ["convert", Samples.tiny, "-o", "out", "--common-rank", "1", "--quiet"]
    // Killed by its own file size limit, so that the work folder is there.
    let stopped = try Tool.shell(
      "ulimit -f 16; \"$SDMOE\" convert \"$CKPT\" -o out --common-rank 1 --quiet",
      in: folder.path, environment: ["CKPT": Samples.tiny])
    #expect(stopped.status != 0)
    #expect(exists("out.sdmoe-partial/conversion"))
    try folder.write("half", as: "out.sdmoe-partial/output/extra/notes.txt.1a2b.tmp")
    #expect(try Tool.run(words, in: folder.path).status == 0)
    #expect(!exists("out/extra"))
  }

  // MARK: What lies at the output

  @Test("places that are no name are refused before any work", arguments: [".", "..", "a/.", "/"])
  func noName(output: String) throws {
    let outcome = try convert(Samples.tiny, "--common-rank", "1", into: output)
    #expect(outcome.status == 1)
    #expect(outcome.errors.hasPrefix("Error: \(output): is no name that a new folder could have; "))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
  }

  @Test("a link to an empty folder is followed, one to nothing refused before any work")
  func links() throws {
    let manager = FileManager.default
    try manager.createDirectory(atPath: folder.path("real"), withIntermediateDirectories: false)
    try manager.createSymbolicLink(atPath: folder.path("link"), withDestinationPath: "real")
    try manager.createSymbolicLink(atPath: folder.path("broken"), withDestinationPath: "gone")
    #expect(try convert(Samples.tiny, "--common-rank", "1", into: "link").status == 0)
    #expect(exists("real/config.json"))
    let refused = try convert(Samples.tiny, "--common-rank", "1", into: "broken")
    #expect(refused.status == 1)
    #expect(refused.errors.hasPrefix("Error: broken: lies there already, "))
    #expect(!exists("broken.sdmoe-partial") && !exists("gone"))
  }

  @Test("an output that lost a file is told, and --force makes it anew")
  func damaged() throws {
    #expect(try convert(Samples.tiny, "--common-rank", "1", "-q").status == 0)
    let whole = try filesByPath(under: folder.path("out"))
    let shard = folder.path("out/model-00001-of-00001.safetensors")
    try FileManager.default.removeItem(atPath: shard)
    let told = try convert(Samples.tiny, "--common-rank", "1", "-q")
    #expect(told.status == 1)
    #expect(told.errors.hasPrefix("Error: out: was made by this conversion, but files are missing"))
    #expect(try convert(Samples.tiny, "--common-rank", "1", "-q", "--force").status == 0)
    #expect(differences(try filesByPath(under: folder.path("out")), whole) == [])
    // Of the same size, but with another byte: found with --force.
    try flipLastByte(of: shard)
    #expect(try convert(Samples.tiny, "--common-rank", "1", "-q", "--force").status == 0)
    #expect(differences(try filesByPath(under: folder.path("out")), whole) == [])
  }

  @Test("another output gives way to --force alone, foreign files never")
  func force() throws {
    #expect(try convert(Samples.tiny, "--common-rank", "1", "-q").status == 0)
    let kept = try convert(Samples.tiny, "--common-rank", "2", "-q")
    #expect(kept.status == 1)
    #expect(kept.errors.contains("replace it with --force"))
    #expect(try convert(Samples.tiny, "--common-rank", "2", "-q", "--force").status == 0)
    try folder.write("mine", as: "mine/file")
    for options in [[], ["--force"]] {
      let words = ["convert", Samples.tiny, "-o", "mine", "--common-rank", "1"] + options
      let foreign = try Tool.run(words, in: folder.path)
      #expect(foreign.status == 1)
      #expect(foreign.errors.hasPrefix("Error: mine: lies there already, no conversion wrote it"))
    }
    #expect(try filesByPath(under: folder.path("mine")) == ["file": Data("mine".utf8)])
  }

  @Test("a folder that links back to itself is left behind")
  func loop() throws {
    try Samples.copy(of: Samples.tiny, to: folder.path("ckpt"))
    try folder.write("here", as: "ckpt/sub/notes.txt")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("ckpt/sub/up"), withDestinationPath: "..")
    let outcome = try convert("ckpt", "--common-rank", "1", "-q")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("\nnot carried: sub/up\n"))
    #expect(exists("out/sub/notes.txt") && !exists("out/sub/up"))
  }

  private func flipLastByte(of path: String) throws {
    var data = try Data(contentsOf: URL(filePath: path))
    data[data.count - 1] ^= 1
    try data.write(to: URL(filePath: path))
  }
}
