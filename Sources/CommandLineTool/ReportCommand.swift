import ArgumentParser
import Findings
import Foundation
import SpectralReports

/// `sdmoe report` — writes the figures and the page of a run anew.
struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write the page and the figures of a run.",
    discussion: """
      Writes index.html, one file that opens in any browser without a network, the SVG figures, and \
      figures/INDEX.md, which names the file for each figure of the paper. sdmoe analyze does so at \
      its end; this does it anew from the tables of a finished run.
      """)

  @Argument(help: "A folder that sdmoe analyze wrote.", completion: .directory)
  var run: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "How many units to work on at once. (default: the number of cores)", valueName: "count"))
  var jobs: Int?

  func validate() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs is \(jobs), but must be at least 1") }
  }

  func run() async throws {
    let folder = try RunFolder(finishedAt: run, forWriting: true)
    try await RunReport(of: folder).write(
      width: jobs ?? ProcessInfo.processInfo.activeProcessorCount)
    try StandardOutput.write(
      "The page is \(folder.path)/index.html; the paper's figures are listed in \(folder.path)/figures/INDEX.md."
    )
  }
}
