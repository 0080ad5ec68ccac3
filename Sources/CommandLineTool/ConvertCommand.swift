public import ArgumentParser
import Captures
import Checkpoints
import Foundation
import LinearAlgebra
import SpectralAnalysis
public import SpectralDecoupling
import Workers

/// `sdmoe convert` — brings a checkpoint to SD-MoE form, and a factored one back.
struct ConvertCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Split a checkpoint's experts into a common and unique parts, or merge them again.",
    usage: "sdmoe convert <checkpoint> --output <folder> [<options>]",
    discussion: """
      Writes a new checkpoint and a certificate of what was done to it. SD-MoE form separates \
      directions; it does not shrink a checkpoint. In exact mode the parts add up to the original, \
      bit for bit; strict mode drops what an expert has in common directions beyond the common part, \
      which changes the model: the certificate says by how much. A factored checkpoint is merged with \
      --form merged. The same command, run again, resumes. The input is never changed.
      """)

  @Argument(
    help: "A folder that holds config.json and the weight files.", completion: .directory)
  var checkpoint: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder to make.", valueName: "folder"), completion: .directory)
  var output: String

  @OptionGroup(title: "The split") var split: SplitOptions

  @Option(help: "The layout: factored, or merged as the original is.")
  var form = ConversionOptions.Form.factored

  @Option(
    help: ArgumentHelp(
      "How unique parts (factored) or matrices (merged) are stored: f32, bf16 or keep, as in the original. (default: f32 factored, keep merged)",
      valueName: "type"))
  var dtype: ConversionOptions.StoredType?

  @Option(
    help: ArgumentHelp(
      "full, or basic without the similarities before and after, which need a decomposition of each matrix.",
      valueName: "detail"))
  var certificate = ConversionOptions.Detail.full

  @Option(
    help: ArgumentHelp(
      "From which size on a file of weights is followed by another.", valueName: "size"))
  var maxShardSize = MemorySize(byteCount: 5_000_000_000)

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "How many matrices to work on at once. (default: the number of cores)", valueName: "count"))
  var jobs: Int?

  @Flag(help: "Replace a converted checkpoint that lies at the output, once the new one is whole.")
  var force = false

  @Flag(name: [.short, .long], help: "Write nothing but errors to standard error.")
  var quiet = false

  @Flag(help: "Say what would be done, and how much space it takes, but do nothing.")
  var dryRun = false

  func validate() throws {
    guard !output.isEmpty else {
      throw ValidationError("--output is empty, but must name a folder")
    }
    try split.check()
    if let jobs, jobs < 1 { throw ValidationError("--jobs is \(jobs), but must be at least 1") }
  }

  func run() async throws {
    let opened = try Checkpoint(path: checkpoint)
    if opened.form != nil, let option = split.firstGiven {
      throw ValidationError(
        "\(option) is about splitting, but the checkpoint is split already; leave it out to merge")
    }
    let width = jobs ?? ProcessInfo.processInfo.activeProcessorCount
    let plan = try ConversionPlan(
      for: opened, options: try await options(for: opened, width: width), version: version)
    if dryRun {
      try await plan.check(output: output, replaces: force)
      try StandardOutput.write(planText(plan))
      return
    }
    if !quiet, let warning = LinearAlgebraLibrary.slownessWarning {
      StandardError.write("warning: \(warning)\n")
    }
    let summary = try await withProgress { report in
      try await convert(plan, to: output, width: width, replaces: force, onProgress: report)
    }
    try StandardOutput.write(text(of: summary, plan: plan))
  }

  private func options(for checkpoint: Checkpoint, width: Int) async throws -> ConversionOptions {
    var options = ConversionOptions()
    options.form = form
    options.storedType = dtype
    options.detail = certificate
    options.shardByteCount = maxShardSize.byteCount
    split.enter(into: &options)
    if let captures = split.captures {
      options.weights = .usage(
        loads: try await expertLoads(
          of: checkpoint, in: try Capture(path: captures), layers: options.layers, width: width),
        source: captures)
    }
    return options
  }

  private func withProgress<Result>(
    _ body: (@escaping @Sendable (WorkProgress) -> Void) async throws -> Result
  ) async throws -> Result {
    guard !quiet else { return try await body { _ in } }
    let line = ProgressLine(
      isTerminal: StandardError.isTerminal, write: { StandardError.write($0) })
    return try await line.ticking {
      try await body { line.show($0) }
    }
  }

  private func planText(_ plan: ConversionPlan) -> String {
    """
    \(plan.isMerging ? "merge" : "split")        \(plan.unitCount) units, \(plan.matrixCount) matrices
    to read      \(bytesText(plan.checkpoint.byteCount))
    to write     about \(bytesText(plan.predictedByteCount))
    """ + (plan.leftBehind.isEmpty ? "" : "\n" + leftBehindText(plan.leftBehind).dropLast())
  }

  private func leftBehindText(_ names: [String]) -> String {
    names.isEmpty
      ? "" : "not carried  " + names.joined(separator: ", ") + "\n"
  }

  /// What was done, unit by unit.
  private func text(of summary: ConversionSummary, plan: ConversionPlan) -> String {
    if summary.wasThere { return "\(output): was there already, whole" }
    var table = TextTable(columns: [
      "layer", "projection", "common rank", "remainder", "similarity", "floor", "unique", "floor",
      "corrections",
    ])
    for unit in summary.units {
      let similarity = unit.similarity.map {
        [$0.before, $0.floorBefore, $0.after, $0.floorAfter].map { rounded($0, digits: 3) }
      }
      table.append(
        [
          String(unit.layer), unit.projection, String(unit.commonRank),
          unit.remainderEnergy.isNaN
            ? "-" : "\(rounded(100 * unit.remainderEnergy, digits: 1)) %",
        ] + (similarity ?? ["-", "-", "-", "-"]) + [String(unit.corrections)])
    }
    let verb = plan.isMerging ? "merged" : "split"
    return """
      \(output): \(verb), \(bytesText(summary.bytesBefore)) of weights became \(bytesText(summary.bytesAfter))
      \(plan.isMerging ? "" : remainderText(plan.options.mode))
      \(table.text)
      \(leftBehindText(summary.leftBehind))check it at any time with: sdmoe verify \(output)
      """
  }

  private func remainderText(_ mode: SDMoEForm.Mode) -> String {
    mode == .exact
      ? "remainder: the energy that experts have in common directions beyond the common part; kept, so the model is the same\n"
      : "remainder: the energy that experts had in common directions beyond the common part; dropped, so the model is another\n"
  }
}

extension ConversionOptions.Form: ExpressibleByArgument {}
extension ConversionOptions.StoredType: ExpressibleByArgument {}
extension ConversionOptions.Detail: ExpressibleByArgument {}
