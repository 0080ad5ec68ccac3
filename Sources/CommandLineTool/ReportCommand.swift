import ArgumentParser
import Findings
import SpectralAnalysis
import SpectralReports
import Workers

/// `sdmoe report` — writes the figures and the page of a run anew.
struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write the tables, the figures and the page of a run.",
    discussion: """
      Writes the tables, the SVG figures, figures/INDEX.md, which names the file for each figure of \
      the paper, and index.html, one file that opens in any browser without a network. sdmoe analyze \
      does so at its end; this does it anew from the results of the units of a finished run, which \
      are refused where they are not as they were written.
      """)

  @Argument(help: "A folder that sdmoe analyze wrote.", completion: .directory)
  var run: String

  @OptionGroup var jobs: JobsOption

  func run() async throws {
    var folder = try RunFolder(finishedAt: run, forWriting: true)
    try gatherResults(in: &folder)
    try await RunReport(of: folder).write(
      workers: jobs.count)
    let places =
      "The page is \(folder.path)/index.html; the paper's figures are listed in \(folder.path)/figures/INDEX.md."
    try StandardOutput.write(wordWrapped(places).joined(separator: "\n"))
  }
}
