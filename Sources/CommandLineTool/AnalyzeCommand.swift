import ArgumentParser
import Checkpoints
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis

/// `sdmoe analyze` — measures every expert of a checkpoint and writes tables and figures.
struct AnalyzeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Measure how alike the experts of a checkpoint are.",
    usage: "sdmoe analyze <checkpoint> --output <run> [<options>]",
    discussion: """
      Writes CSV tables and SVG figures to the run folder, and a summary to standard output. What is \
      finished is kept: the same command, run again, resumes. The checkpoint is never changed.
      """)

  @Argument(
    help: "A folder that holds config.json and the weight files.", completion: .directory)
  var checkpoint: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The run folder: new, empty, or holding the same run.", valueName: "run"),
    completion: .directory)
  var output: String

  @Option(
    help: ArgumentHelp(
      "The layers to measure, such as 0-3,7. (default: all that have experts)", valueName: "list"))
  var layers: LayerSelection?

  @Option(
    help: ArgumentHelp(
      "The projections to measure, such as gate,up: any of gate, up and down. (default: all)",
      valueName: "list"))
  var projections: ProjectionList?

  @Option(
    help: ArgumentHelp(
      "The share of singular directions that counts as the top, over 0 and at most 1.",
      valueName: "share"))
  var fraction = 0.01

  @Option(
    help: ArgumentHelp(
      "The analyses, such as energy,router: any of energy, spectrum, similarity and router. (default: all)",
      valueName: "list"))
  var analyses: AnalysisList?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "How many matrices to work on at once. (default: the number of cores)", valueName: "count"))
  var jobs: Int?

  @Flag(name: [.short, .long], help: "Write nothing but errors to standard error.")
  var quiet = false

  @Flag(help: "Say what would be done, and how much memory it should take, but do nothing.")
  var dryRun = false

  @Flag(help: "Leave out experts that cannot be measured, list them, and exit with 1 at the end.")
  var keepGoing = false

  func validate() throws {
    guard !output.isEmpty else {
      throw ValidationError("--output is empty, but must name a folder")
    }
    guard fraction > 0, fraction <= 1 else {
      throw ValidationError("--fraction is \(fraction), but must be over 0 and at most 1")
    }
    if let analyses, analyses.elements.contains(.router), !measuresRouter {
      throw ValidationError(
        "--analyses router measures gate and up only, but --projections names neither")
    }
    if let jobs, jobs < 1 { throw ValidationError("--jobs is \(jobs), but must be at least 1") }
  }

  func run() async throws {
    let plan = try AnalysisPlan(
      for: try Checkpoint(path: checkpoint),
      options: AnalysisOptions(
        analyses: analyses?.elements
          ?? Analysis.allCases.filter { $0 != .router || measuresRouter },
        projections: projections?.elements ?? Projection.allCases, fraction: fraction,
        layers: layers?.numbers),
      version: version, keepsGoing: keepGoing)
    try RunFolder.check(path: output, for: plan.manifest)
    let width = jobs ?? ProcessInfo.processInfo.activeProcessorCount
    if dryRun {
      try StandardOutput.write(planText(plan, width: width))
      return
    }
    if !quiet, let warning = LinearAlgebraLibrary.slownessWarning {
      StandardError.write("warning: \(warning)\n")
    }
    let folder = try await measure(plan, width: width)
    try writeFigures(of: folder)
    try StandardOutput.write(try RunSummary(of: folder).text)
    if let leftOut = try folder.table(.leftOut) {
      let lines = leftOut.texts("reason").map { "- \($0)\n" }.joined()
      StandardError.write("left out, and listed in tables/left_out.csv:\n\(lines)")
      throw ExitCode.failure
    }
  }

  /// Whether there is a projection that the router can be compared with.
  private var measuresRouter: Bool {
    (projections?.elements ?? Projection.allCases).contains { $0.hiddenSideIsRight }
  }

  private func measure(_ plan: AnalysisPlan, width: Int) async throws -> RunFolder {
    guard !quiet else {
      return try await carryOut(plan, in: output, width: width, keepsGoing: keepGoing)
    }
    let line = ProgressLine(
      isTerminal: StandardError.isTerminal, write: { StandardError.write($0) })
    defer { line.finish() }
    return try await carryOut(
      plan, in: output, width: width, keepsGoing: keepGoing, onProgress: { line.show($0) })
  }

  private func planText(_ plan: AnalysisPlan, width: Int) -> String {
    """
    units        \(plan.unitCount), each one layer and projection
    matrices     \(plan.matrixCount)
    top k        \(plan.leadingCount)
    to read      \(bytesText(plan.byteCount))
    peak memory  about \(bytesText(plan.predictedMemory(width: width))) with --jobs \(width)
    """
  }
}
