import ArgumentParser
import Checkpoints
import Experts
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import SpectralReports
import Workers

/// `sdmoe analyze` — measures every expert of a checkpoint and writes tables and figures.
struct AnalyzeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Measure how alike the experts of a checkpoint are.",
    usage: """
      sdmoe analyze <checkpoint> --output <run> [<options>]
      sdmoe analyze --plan <run> [--shard <i/n>] [<options>]
      """,
    discussion: """
      Writes CSV tables, SVG figures and a page, index.html, to the run folder, and a summary to \
      standard output. What is \
      finished is kept: the same command, run again, resumes. The checkpoint is never changed.
      """)

  @Argument(
    help: .checkpoint, completion: .checkpoint)
  var checkpoint: String?

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The run folder: new, empty, or holding the same run.", valueName: "run"),
    completion: .directory)
  var output: String?

  @Option(
    name: .customLong("plan"),
    help: ArgumentHelp(
      "A run that sdmoe plan divided: measure the units of one shard, as it was planned, and write no tables.",
      valueName: "run"), completion: .directory)
  var plannedRun: String?

  @Option(
    help: ArgumentHelp(
      "The shard to measure, from 0/n on. (default: the one that MPI, a job array or srun tells, else all)",
      valueName: "i/n"), transform: TaskShard.init(words:))
  var shard: TaskShard?

  @OptionGroup var arguments: AnalysisArguments

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

  func validate() throws {
    if json, dryRun {
      throw ValidationError("--json tells what was found, and --dry-run does nothing")
    }
    guard plannedRun == nil else { return try checkOfShard() }
    if shard != nil {
      throw ValidationError("--shard is of a run that is planned; name it with --plan")
    }
    // As the parser would say it, were there no --plan.
    if checkpoint == nil { throw ValidationError("Missing expected argument '<checkpoint>'") }
    guard let output else { throw ValidationError("Missing expected argument '--output <run>'") }
    guard !output.isEmpty else {
      throw ValidationError("--output is empty, but must name a folder")
    }
    try arguments.check()
  }

  /// Checks that nothing contradicts the plan.
  private func checkOfShard() throws {
    if plannedRun?.isEmpty == true {
      throw ValidationError("--plan is empty, but must name a run folder")
    }
    if json { throw ValidationError("--json is of sdmoe merge, once all shards are done") }
    // All parts of the groups are values, which are told in words.
    guard checkpoint == nil, output == nil,
      "\(arguments)" == "\(try AnalysisArguments.parse([]))"
    else {
      throw ValidationError(
        "--plan says where and what to measure; leave out the checkpoint, --output, and all options but --shard, --jobs, --memory, --recheck, --quiet and --dry-run"
      )
    }
  }

  func run() async throws {
    if let plannedRun {
      return try await endingForSchedulers { try await analyzeShard(ofRunAt: plannedRun) }
    }
    // Both are there: validate() looked.
    guard let checkpoint, let output else { return }
    let plan = try arguments.plan(of: checkpoint, isQuiet: quiet)
    try plan.check(output: output)
    if !quiet {
      StandardError.write(unmeasuredText(of: plan.inputs.checkpoint, measuring: plan.layers))
    }
    guard let effort = try preparedEffort(for: plan, output: output) else { return }
    let folder = try await withStopNotice({ "what is finished is kept in \(output)" }) {
      let folder = try await withProgress { onChanged, onProgress in
        try await carryOut(
          plan, in: output, effort: effort, keepsGoing: arguments.keepGoing, onChanged: onChanged,
          onProgress: onProgress)
      }
      try await RunReport(of: folder).write(workers: effort.workers)
      return folder
    }
    try tellFindings(of: folder, asJSON: json, isQuiet: quiet)
  }

  /// Measures the units of a shard of a run.
  private func analyzeShard(ofRunAt run: String) async throws {
    let shards = try ShardPlan(ofRunAt: run, version: version)
    let shard = try chosenShard(of: shards, run: run)
    // Before anything is computed.
    try LinearAlgebraLibrary.pin(shards.kernels)
    let words = try PlannedWords.parse(shards.arguments)
    let whole = try words.arguments.plan(of: words.checkpoint, isQuiet: quiet)
    guard whole.manifest.checkpoint.fingerprint == shards.fingerprint else {
      throw AnalysisError.otherCheckpoint(path: words.checkpoint, run: run)
    }
    try whole.check(output: run)
    let plan = shard.map { whole.part(of: Set(shards.shards[$0.index])) } ?? whole
    guard let effort = try preparedEffort(for: plan, output: run) else { return }
    let folder = try await withStopNotice({ "what is finished is kept in \(run)" }) {
      try await withProgress { onChanged, onProgress in
        try await measureUnits(
          of: plan, in: run, effort: effort, keepsGoing: words.arguments.keepGoing, isOfShard: true,
          onChanged: onChanged, onProgress: onProgress)
      }
    }
    if !quiet { try tellLeftOut(of: plan, in: folder) }
    let name =
      shard.map { "shard \($0.index)/\(shards.shards.count), told by \($0.source)" } ?? "all shards"
    try StandardOutput.write("\(run): \(name): \(counted(plan.unitCount, "unit")) done")
  }

  /// The shard to measure; nil for all.
  ///
  /// - Throws: `ValidationError` where it is none of the plan's.
  private func chosenShard(of plan: ShardPlan, run: String) throws -> TaskShard? {
    let found: TaskShard?
    do {
      found = try shard ?? TaskShard(environment: ProcessInfo.processInfo.environment)
    } catch let error as TaskShardError {
      throw ValidationError(error.description)
    }
    let count = plan.shards.count
    guard let found else { return nil }
    if let started = found.count, started != count {
      throw ValidationError(
        "\(found.source) tells of \(counted(started, "shard")), but \(run) is planned in \(count); start \(count) processes, or plan again with sdmoe plan --shards \(started)"
      )
    }
    guard found.index < count else {
      throw ValidationError(
        "\(found.source) is \(found.index), but \(run) is planned in \(counted(count, "shard")), counted from 0: an array of them is --array=0-\(count - 1)"
      )
    }
    return found
  }

  /// Says what would be done, or how much of the machine is used.
  ///
  /// - Returns: How to work; nil where nothing shall be done.
  private func preparedEffort(
    for plan: AnalysisPlan, output: String
  ) throws -> AnalysisEffort? {
    let effort = plan.fitting(wantedEffort, addressSpace: MachineShare.own.addressSpace)
    if dryRun {
      try StandardOutput.write(planText(plan, effort: effort))
      return nil
    }
    try checkMemory(plan, effort: effort)
    if !quiet { warnOfSurroundings(ofOutput: output) }
    return effort
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

  /// Shows how far some work is, unless nothing shall be told.
  private func withProgress(
    _ work: (
      _ onChanged: @escaping @Sendable ([String]) -> Void,
      _ onProgress: @escaping @Sendable (WorkProgress) -> Void
    ) async throws -> RunFolder
  ) async throws -> RunFolder {
    guard !quiet else { return try await work({ _ in }, { _ in }) }
    let line = ProgressLine(
      isTerminal: StandardError.isTerminal, write: { StandardError.write($0) })
    return try await line.ticking {
      try await work(
        { StandardError.write(changedInputText(of: $0, verb: "measured")) }, { line.show($0) })
    }
  }

  /// Tells what was left out of a shard; merging lists it.
  private func tellLeftOut(of plan: AnalysisPlan, in folder: RunFolder) throws {
    for unit in plan.records {
      guard let leftOut = try folder.table(.leftOut, of: unit) else { continue }
      for reason in leftOut[LeftOutParts.reason] { StandardError.write("left out: \(reason)\n") }
    }
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
