import ArgumentParser
import Captures
import Checkpoints
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import SpectralReports

/// `sdmoe analyze` — measures every expert of a checkpoint and writes tables and figures.
struct AnalyzeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Measure how alike the experts of a checkpoint are.",
    usage: "sdmoe analyze <checkpoint> --output <run> [<options>]",
    discussion: """
      Writes CSV tables, SVG figures and a page, index.html, to the run folder, and a summary to \
      standard output. What is \
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

  @OptionGroup(title: "What is measured") var measures: MeasureOptions

  @OptionGroup(title: "Captures and gradients")
  var captured: CapturedOptions

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "How many matrices to work on at once. (default: the number of cores)", valueName: "count"))
  var jobs: Int?

  @Option(
    help: ArgumentHelp(
      "How much memory to use, such as 4G; what does not fit goes to a scratch file in the run folder.",
      valueName: "size"))
  var memory = MemorySize(byteCount: 4_000_000_000)

  @Flag(name: [.short, .long], help: "Write nothing but errors to standard error.")
  var quiet = false

  @Flag(help: "Say what would be done, and how much memory it should take, but do nothing.")
  var dryRun = false

  @Flag(
    help:
      "Leave out experts and sequences that cannot be measured, list them, and exit with 1 at the end."
  )
  var keepGoing = false

  func validate() throws {
    guard !output.isEmpty else {
      throw ValidationError("--output is empty, but must name a folder")
    }
    try measures.check()
    try captured.check(for: measures.analyses?.elements ?? [])
    if let jobs, jobs < 1 { throw ValidationError("--jobs is \(jobs), but must be at least 1") }
  }

  func run() async throws {
    let inputs = AnalysisInputs(
      checkpoint: try Checkpoint(path: checkpoint),
      capture: try captured.captures.map { try Capture(path: $0) },
      gradients: try captured.gradients.map { try GradientFile(path: $0) })
    let plan = try AnalysisPlan(
      for: inputs, options: options(for: inputs), version: version, keepsGoing: keepGoing)
    try RunFolder.check(path: output, for: plan.manifest)
    let effort = AnalysisEffort(
      width: jobs ?? ProcessInfo.processInfo.activeProcessorCount, memory: memory.byteCount)
    if dryRun {
      try StandardOutput.write(planText(plan, effort: effort))
      return
    }
    let predicted = plan.predictedMemory(effort)
    if !quiet, predicted > memory.byteCount {
      StandardError.write(
        "warning: about \(bytesText(predicted)) of memory are needed, more than --memory allows; fewer --jobs need less\n"
      )
    }
    if !quiet, let warning = LinearAlgebraLibrary.slownessWarning {
      StandardError.write("warning: \(warning)\n")
    }
    let folder = try await measure(plan, effort: effort)
    try await RunReport(of: folder).write(width: effort.width)
    try StandardOutput.write(
      (folder.manifest.partText.map { "\($0)\n" } ?? "") + (try RunSummary(of: folder).text))
    try tellLeftOut(in: folder)
  }

  /// The options that change results.
  private func options(for inputs: AnalysisInputs) -> AnalysisOptions {
    let usual = inputs.usualAnalyses.filter { !$0.needsInputSide || measures.hasInputSide }
    var options = AnalysisOptions(
      analyses: measures.analyses?.elements ?? usual,
      projections: measures.projections?.elements ?? Projection.allCases,
      fraction: measures.fraction, layers: measures.layers?.numbers)
    options.part = measures.part?.part
    options.fullSpectrum = measures.fullSpectrum
    options.groupExcess = measures.groupExcess
    options.threshold = captured.threshold
    options.tokens = captured.tokens.size
    options.routedOnly = captured.routedOnly
    options.center = captured.center
    options.sequences = captured.sequences.size
    return options
  }

  private func measure(_ plan: AnalysisPlan, effort: AnalysisEffort) async throws -> RunFolder {
    guard !quiet else {
      return try await carryOut(plan, in: output, effort: effort, keepsGoing: keepGoing)
    }
    let line = ProgressLine(
      isTerminal: StandardError.isTerminal, write: { StandardError.write($0) })
    return try await line.ticking {
      try await carryOut(
        plan, in: output, effort: effort, keepsGoing: keepGoing, onProgress: { line.show($0) })
    }
  }

  /// Lists what was left out.
  ///
  /// An expert without a gradient is no failure: it saw no token, or too few.
  private func tellLeftOut(in folder: RunFolder) throws {
    if let leftOut = try folder.table(.leftOut.ofGradients), !quiet {
      let count = leftOut.rowCount == 1 ? "1 gradient was" : "\(leftOut.rowCount) gradients were"
      StandardError.write(
        "\(count) left out, of experts that saw too few tokens or none: tables/gradient_left_out.csv\n"
      )
    }
    guard let leftOut = try folder.table(.leftOut) else { return }
    let lines = leftOut.texts("reason").map { "- \($0)\n" }.joined()
    StandardError.write("left out, and listed in tables/left_out.csv:\n\(lines)")
    throw ExitCode.failure
  }

  private func planText(_ plan: AnalysisPlan, effort: AnalysisEffort) -> String {
    """
    analyses     \(analysesText(of: plan))
    units        \(unitsText(of: plan))
    matrices     \(plan.matrixCount)
    top k        \(plan.leadingCount)
    to read      \(inputsText(of: plan))
    peak memory  about \(bytesText(plan.predictedMemory(effort))) with --jobs \(effort.width)
    """
  }

  private func analysesText(of plan: AnalysisPlan) -> String {
    let names = plan.options.analyses.map(\.rawValue).joined(separator: ", ")
    return wordWrapped(names, width: 87).map { $0.trimmingPrefix("  ") }
      .joined(separator: "\n             ")
  }

  /// How many units there are of each subject.
  private func unitsText(of plan: AnalysisPlan) -> String {
    let subjects: [RunManifest.Unit.Subject] = [.weights, .gradients, .activations]
    let kinds = subjects.compactMap { subject in
      let count = plan.manifest.units.count { $0.subject == subject }
      return count == 0 ? nil : (subject, count)
    }
    if kinds.count == 1 {
      let piece = kinds[0].0 == .activations ? "layer" : "layer and projection"
      return "\(plan.unitCount), each one \(piece)"
    }
    return "\(plan.unitCount): " + kinds.map { "\($1) of \($0)" }.joined(separator: ", ")
  }

  private func inputsText(of plan: AnalysisPlan) -> String {
    let matrices = plan.byteCount > 0 ? [bytesText(plan.byteCount)] : []
    let capture = plan.options.analyses.contains { $0.input == .captures } ? ["the captures"] : []
    return (matrices + capture).joined(separator: ", and ")
  }
}
