import Foundation
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks what `sdmoe convert` says at its end, and when it is stopped.
@Suite struct ConversionTextTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func convert(_ options: String..., into output: String = "out") throws -> [String] {
    let outcome = try Tool.run(
      ["convert", Samples.tiny, "-o", output, "--common-rank", "2", "-q"] + options,
      in: folder.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test("every line fits 80 columns, and every column of the table is explained")
  func explained() throws {
    let merging = try convert("--certificate", "basic", into: "factored")
    let texts = [
      merging, try convert(into: "full"), try convert("--dtype", "bf16", into: "rounded"),
      try convert("--mode", "strict", "--form", "merged", into: "strict"),
    ]
    for lines in texts {
      #expect(lines.filter { $0.count > 80 } == [])
      let header = try #require(lines.first { $0.hasPrefix("layer  projection") })
      let columns = header.split(separator: " ").dropFirst(2)
      #expect(columns.contains("rank"))
      for column in columns where column != "(floor)" {
        #expect(lines.contains { $0.hasPrefix("\(column) ") }, "\(column)")
      }
      #expect(columns.contains("(floor)") == lines.contains { $0.contains("(floor) is what") })
    }
    // Numbers that nobody asked for have no column.
    #expect(!merging.contains { $0.contains("before") })
  }

  @Test("a loss is told where there is one, and nowhere else")
  func losses() throws {
    #expect(try convert().contains("nothing is lost: the parts add up to the original"))
    let rounded = try convert("--dtype", "bf16", into: "rounded").joined(separator: "\n")
    #expect(rounded.contains("the model is the same up to rounding: no expert is off by more than"))
    let strict = try convert("--mode", "strict", into: "strict")
    #expect(strict.contains("the model is another: what strict mode drops is not in the output"))
    for (parts, text) in [
      ("out", "the original's weights again"),
      ("rounded", "the original's weights up to rounding: its parts were stored as BF16"),
      ("strict", "the weights of strict mode, which are not the original's"),
    ] {
      let outcome = try Tool.run(
        ["convert", parts, "-o", "\(parts)-merged", "--form", "merged", "-q"], in: folder.path)
      #expect(outcome.output.contains("\n\(text)\n"), "\(outcome.output)")
    }
  }

  @Test("what is not carried is named, at the end, in a dry run, and when it was there")
  func leftBehind() throws {
    try Samples.copy(of: Samples.tiny, to: folder.path("ckpt"))
    for number in 1...30 { try folder.write("x", as: "ckpt/old/part-\(number + 10).bin") }
    let words = ["convert", "ckpt", "-o", "out", "--common-rank", "2", "-q"]
    for options in [["--dry-run"], [], []] {
      let outcome = try Tool.run(words + options, in: folder.path)
      let lines = outcome.output.split(separator: "\n")
      #expect(outcome.output.contains("not carried: old/part-11.bin, "), "\(outcome.output)")
      #expect(outcome.output.replacing("\n  ", with: " ").contains(", and 10 more"))
      #expect(lines.filter { $0.count > 80 } == [])
    }
  }

  @Test("an output that holds somebody's file is not replaced, and the file is named")
  func foreignFile() throws {
    _ = try convert()
    try folder.write("mine", as: "out/notes.md")
    for options in [["--force"], ["--force", "--dry-run"]] {
      let outcome = try Tool.run(
        ["convert", Samples.tiny, "-o", "out", "--common-rank", "1"] + options, in: folder.path)
      #expect(outcome.status == 1)
      #expect(
        outcome.errors.contains(
          "Error: out: holds what its conversion did not write, or what was changed since: notes.md; "
        ))
    }
    #expect(try filesByPath(under: folder.path("out"))["notes.md"] == Data("mine".utf8))
  }

  @Test("a conversion that fails names what it leaves behind")
  func failure() throws {
    let stopped = try Tool.shell(
      "ulimit -f 16; \"$SDMOE\" convert \"$CKPT\" -o out --common-rank 1 --quiet",
      in: folder.path, environment: ["CKPT": Samples.tiny])
    #expect(stopped.status == 1)
    #expect(
      stopped.errors.hasPrefix(
        "what is finished is kept in out.sdmoe-partial: run the same command again to go on, "),
      "\(stopped.errors)")
  }

  @Test(
    "stopped, a command says how to go on, and ends by Ctrl-C, or with 75 for what may be tried again",
    arguments: [SIGTERM, SIGHUP, SIGINT], ["convert", "analyze"])
  func stopped(signal: CInt, command: String) throws {
    let streams = try TemporaryFolder()
    // A link whose name is more than one word.
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("it's a model"), withDestinationPath: Samples.qwen)
    let words = [command, "it's a model", "-o", "out", "--quiet", "--jobs", "1"]
    let started = try Tool.start(try Tool.path.get(), words, in: folder.path, streams: streams)
    let sign = folder.path(command == "convert" ? "out.sdmoe-partial/output" : "out/manifest.json")
    while started.process.isRunning, !FileManager.default.fileExists(atPath: sign) { usleep(500) }
    kill(started.identifier, signal)
    let outcome = try started.outcome()
    if signal != SIGTERM, outcome.status == 0 {
      // The tests were started to ignore it, so the program is too.
      #expect(outcome.errors == "")
      return
    }
    #expect(outcome.status == (signal == SIGINT ? -signal : 75))
    #expect(outcome.output == "")
    let kept =
      command == "convert" ? "out.sdmoe-partial, which may be removed; this" : "out; this"
    let lines = outcome.errors.split(separator: "\n").map { $0.trimmingPrefix("  ") }
    #expect(
      lines.dropLast().joined(separator: " ")
        == "stopped; what is finished is kept in \(kept) goes on:")
    let program = try Tool.path.get()
    #expect(lines.last == "\(program) \(command) 'it'\\''s a model' -o out --quiet --jobs 1")
    let resumed = try Tool.run(words, in: folder.path)
    #expect(resumed.status == 0, "\(resumed.errors)")
  }
}
