import ArgumentParser
import Findings
import SpectralReports
import Workers

/// `sdmoe compare` — shows what changed from one run to the next.
struct CompareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Show what changed from one run to another.",
    usage: "sdmoe compare <run> <run> ... --output <folder> [<options>]",
    discussion: """
      For an original and its conversion, two models, or the steps of a training. Writes a page, \
      figures and tables. Means are of what all runs have. Where chance would show different values \
      in the runs, the excess over chance is compared. Two runs are compared pair by pair of \
      experts too, or with different numbers of layers or experts, by the means of layers alone. \
      Of more than two runs it shows how each measure goes on from run to run.
      """)

  @Argument(
    help: ArgumentHelp(
      "Two or more folders that sdmoe analyze wrote, in the order in which they are shown.",
      valueName: "run"), completion: .directory)
  var runs: [String]

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("Where the comparison is written: a new folder.", valueName: "folder"),
    completion: .directory)
  var output: String

  @Flag(help: "Replace a comparison that lies there.")
  var force = false

  @OptionGroup var jobs: JobsOption

  @Flag(help: "Write the summary as JSON.")
  var json = false

  func validate() throws {
    guard runs.count > 1 else {
      throw ValidationError("one run was given, but two or more are compared")
    }
    guard !output.isEmpty else {
      throw ValidationError("--output is empty, but must name a folder")
    }
  }

  func run() async throws {
    let folders = try runs.map { try RunFolder(finishedAt: $0, forWriting: false) }
    let report: ComparisonReport
    let names: [String]
    var remarks: [String]
    if folders.count == 2 {
      let comparison = try RunComparison(of: folders[0], and: folders[1])
      report = ComparisonReport(of: comparison, version: version)
      names = comparison.names
      remarks = zip(["A", "B"], names).map { "\($0) is \($1)." }
      if let hindrance = comparison.hindrance {
        remarks.append("Compared by the means of layers alone: \(hindrance).")
      }
    } else {
      let series = try RunSeries(of: folders)
      report = ComparisonReport(of: series, version: version)
      names = series.names
      remarks = names.enumerated().map { "Run \($0 + 1) is \($1)." }
    }
    try report.check(target: output, replacing: force)
    try await report.write(
      to: output, workers: jobs.count)
    if json {
      try StandardOutput.write(
        jsonText(
          of: ComparisonFindings(
            report, names: names, runs: runs, remarks: remarks, output: output)))
      return
    }
    let places = "The page is \(output)/index.html, the tables are in \(output)/tables."
    let paragraphs = (remarks + report.sentences + ["", places]).flatMap { wordWrapped($0) }
    try StandardOutput.write(paragraphs.joined(separator: "\n"))
  }
}
