import ArgumentParser
import Captures
import Checkpoints
import Experts
import Files
import Findings
import LinearAlgebra
import SpectralAnalysis
import SpectralReports
import Workers

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
    help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The run folder: new, empty, or holding the same run.", valueName: "run"),
    completion: .directory)
  var output: String

  @OptionGroup var family: FamilyOption

  @OptionGroup var revision: RevisionOption

  @OptionGroup(title: "What is measured") var measures: MeasureOptions

  @OptionGroup(title: "Captures and gradients")
  var captured: CapturedOptions

  @OptionGroup var jobs: JobsOption

  @Option(
    help: ArgumentHelp(
      "How much memory to use, such as 4G: fewer matrices at once, and what still does not fit goes to a scratch file in the run folder. (default: most of what it may use)",
      valueName: "size"), transform: MemorySize.init(words:))
  var memory: MemorySize?

  @Flag(
    help:
      "Compare results that are there with their input, even where no file of it looks changed."
  )
  var recheck = false

  @Flag(name: [.short, .long], help: "Write nothing but errors to standard error.")
  var quiet = false

  @Flag(help: "Write the summary as JSON.")
  var json = false

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
    if json, dryRun {
      throw ValidationError("--json tells what was found, and --dry-run does nothing")
    }
    try measures.check()
    try captured.check(for: measures.analyses?.elements ?? [])
  }

  func run() async throws {
    let inputs = AnalysisInputs(
      checkpoint: try Checkpoint(
        path: checkpoint, revision: revision.revision, family: family.chosen,
        expertWidth: measures.expertWidth),
      capture: try captured.captures.map {
        try Capture(path: $0, dropsRepeats: captured.dropRepeats)
      },
      gradients: try captured.gradients.map { try GradientFile(path: $0) })
    if !quiet { inputs.checkpoint.tellRemarks() }
    let plan = try AnalysisPlan(
      for: inputs, options: try options(for: inputs), version: version, keepsGoing: keepGoing)
    try plan.check(output: output)
    if !quiet { StandardError.write(unmeasuredText(of: inputs.checkpoint, measuring: plan.layers)) }
    let effort = plan.fitting(wantedEffort, addressSpace: MachineShare.own.addressSpace)
    if dryRun {
      try StandardOutput.write(planText(plan, effort: effort))
      return
    }
    try checkMemory(plan, effort: effort)
    if !quiet { warnOfSurroundings(ofOutput: output) }
    let output = output
    let folder = try await withStopNotice({ "what is finished is kept in \(output)" }) {
      let folder = try await measure(plan, effort: effort)
      try await RunReport(of: folder).write(workers: effort.workers)
      return folder
    }
    let findings = try RunFindings(of: folder)
    try StandardOutput.write(
      json
        ? try jsonText(of: findings)
        : ((folder.manifest.partText.map { wordWrapped($0) } ?? [])
          + [RunSummary(of: findings).text]).joined(separator: "\n"))
    try tellLeftOut(in: folder)
  }

  /// What was asked for, and else what belongs to this process.
  private var wantedEffort: AnalysisEffort {
    let share = MachineShare.own
    var effort = AnalysisEffort(workers: jobs.count, rechecks: recheck)
    // The system, and what is not foreseen, need some too.
    if let memory = memory?.byteCount ?? share.memory.map({ $0 / 5 * 4 }) { effort.memory = memory }
    return effort
  }

  /// Says where memory is short: that fewer matrices are worked on at once, or that even one takes
  /// more.
  ///
  /// - Throws: `LinearAlgebraError.noAddressSpace` where the system would refuse what is missing.
  private func checkMemory(_ plan: AnalysisPlan, effort: AnalysisEffort) throws {
    let wanted = wantedEffort
    let limit = memory == nil ? "there is for this process" : "--memory allows"
    let predicted = plan.predictedMemory(effort)
    let addresses = predicted + LinearAlgebraLibrary.addressSpace(threads: effort.workers)
    if let left = MachineShare.own.addressSpace, left < addresses {
      throw LinearAlgebraError.noAddressSpace(neededBytes: addresses)
    }
    guard !quiet else { return }
    if predicted > effort.memory {
      StandardError.write(
        "warning: about \(bytesText(predicted)) of memory are needed even with --jobs 1, more than \(limit)\n"
      )
    } else if effort.workers < wanted.workers {
      StandardError.write(
        "--jobs \(effort.workers) instead of \(wanted.workers), which would take more memory than \(limit)\n"
      )
    }
  }

  /// The options that change results.
  private func options(for inputs: AnalysisInputs) throws -> AnalysisOptions {
    var options = AnalysisOptions(
      analyses: measures.analyses?.elements ?? [],
      projections: measures.projections?.elements ?? Projection.allCases,
      fraction: measures.fraction, layers: try measures.layers(of: inputs.checkpoint))
    measures.enter(into: &options)
    captured.enter(into: &options)
    if measures.analyses == nil {
      options.analyses = try UsualAnalyses(of: inputs, options: options).analyses
    }
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
        plan, in: output, effort: effort, keepsGoing: keepGoing,
        onChanged: { StandardError.write(changedInputText(of: $0, verb: "measured")) },
        onProgress: { line.show($0) })
    }
  }

  /// Lists what was left out.
  ///
  /// An expert without a gradient is no failure: it saw no token, or too few.
  private func tellLeftOut(in folder: RunFolder) throws {
    if let leftOut = try folder.table(.leftOut.ofGradients), !quiet {
      let count = leftOut.rowCount == 1 ? "1 gradient was" : "\(leftOut.rowCount) gradients were"
      let text =
        try folder.table(.energy.ofGradients) == nil
        ? "all \(leftOut.rowCount) gradients were left out, as if no backward pass had filled them"
        : "\(count) left out, of experts that saw too few tokens or none"
      StandardError.write("\(text): tables/gradient_left_out.csv\n")
    }
    guard let leftOut = try folder.table(.leftOut) else { return }
    let lines = leftOut[LeftOutParts.reason].map { "- \($0)\n" }.joined()
    StandardError.write("left out, and listed in tables/left_out.csv:\n\(lines)")
    throw ExitCode.failure
  }

  private func planText(_ plan: AnalysisPlan, effort: AnalysisEffort) -> String {
    (describedLines([
      ("analyses", plan.options.analyses.map(\.rawValue).joined(separator: ", ")),
      ("units", unitsText(of: plan)),
      ("matrices", "\(plan.matrixCount)"),
      ("top k", "\(plan.leadingCount)"),
      ("to read", inputsText(of: plan)),
      (
        "peak memory",
        "about \(bytesText(plan.predictedMemory(effort))) with --jobs \(effort.workers)"
      ),
    ]) + plan.manifest.remarks.flatMap { wordWrapped($0) }).joined(separator: "\n")
  }

  /// How many units there are of each subject.
  private func unitsText(of plan: AnalysisPlan) -> String {
    let kinds = UnitKey.Subject.allCases.compactMap { subject in
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
