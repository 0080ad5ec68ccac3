import ArgumentParser
import Findings
import Foundation
import SpectralReports

/// `sdmoe compare` — shows what changed from one run to another.
struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Show what changed from one run to another.",
    usage: "sdmoe compare <first> <second> --output <folder> [<options>]",
    discussion: """
      For an original and its conversion, two steps of a training, or two models. Writes a page, \
      figures and tables. Where chance would show different values in the two runs, the excess over \
      chance is compared; with different numbers of layers or experts, the means of layers alone.
      """)

  @Argument(help: "The run A: a folder that sdmoe analyze wrote.", completion: .directory)
  var first: String

  @Argument(help: "The run B.", completion: .directory)
  var second: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Where the comparison is written: a new folder.", valueName: "folder"),
    completion: .directory)
  var output: String

  @Flag(help: "Replace a comparison that lies there.")
  var force = false

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "How many units to work on at once. (default: the number of cores)", valueName: "count"))
  var jobs: Int?

  func validate() throws {
    guard !output.isEmpty else {
      throw ValidationError("--output is empty, but must name a folder")
    }
    if let jobs, jobs < 1 { throw ValidationError("--jobs is \(jobs), but must be at least 1") }
  }

  func run() async throws {
    let comparison = try RunComparison(
      of: RunFolder(finishedAt: first, forWriting: false),
      and: RunFolder(finishedAt: second, forWriting: false))
    let report = ComparisonReport(of: comparison, version: version)
    try report.check(target: output, replacing: force)
    try await report.write(
      to: output, width: jobs ?? ProcessInfo.processInfo.activeProcessorCount)
    let remark =
      comparison.hindrance.map { ["Compared by the means of layers alone: \($0)."] } ?? []
    let paragraphs = (remark + report.sentences).flatMap { wordWrapped($0) }
    try StandardOutput.write(
      (paragraphs + ["", "The page is \(output)/index.html, the tables are in \(output)/tables."])
        .joined(separator: "\n"))
  }
}
