public import ArgumentParser
import Captures
import Checkpoints
import Experts
import Files
import Findings
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
    help: .checkpoint, completion: .directory)
  var checkpoint: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder to make.", valueName: "folder"), completion: .directory)
  var output: String

  @OptionGroup var family: FamilyOption

  @OptionGroup var revision: RevisionOption

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
      "From which size on a file of weights is followed by another. (default: 5G)",
      valueName: "size"),
    transform: MemorySize.init(words:))
  var maxShardSize = MemorySize(byteCount: 5_000_000_000)

  @OptionGroup var jobs: JobsOption

  @Flag(
    help:
      "Compare what an interrupted conversion left with its input, even where no file of it looks changed."
  )
  var recheck = false

  @Flag(
    help:
      "Replace a converted checkpoint that lies at the output, once the new one is whole; files that are not of it prevent that."
  )
  var force = false

  @Flag(name: [.short, .long], help: "Write nothing but errors to standard error.")
  var quiet = false

  @Flag(help: "Write the summary as JSON.")
  var json = false

  @Flag(help: "Say what would be done, and how much space it takes, but do nothing.")
  var dryRun = false

  func validate() throws {
    guard !output.isEmpty else {
      throw ValidationError("--output is empty, but must name a folder")
    }
    if json, dryRun {
      throw ValidationError("--json tells what was done, and --dry-run does nothing")
    }
    try split.check()
  }

  func run() async throws {
    let opened = try Checkpoint(
      path: checkpoint, revision: revision.revision, family: family.chosen)
    if !quiet { opened.tellRemarks() }
    if opened.form != nil, let option = split.firstGiven {
      throw ValidationError(
        "\(option) is about splitting, but the checkpoint is split already; leave it out to merge")
    }
    let workers = jobs.count
    let plan = try ConversionPlan(
      for: opened, options: try await options(for: opened, workers: workers), version: version)
    if !quiet {
      StandardError.write(unconvertedText(of: opened, converting: plan.options.layers))
    }
    if dryRun {
      try await plan.check(output: output, replaces: force)
      try StandardOutput.write(planText(plan))
      return
    }
    if !quiet { warnOfSurroundings(ofOutput: output) }
    let output = output
    let unfinished: @Sendable () -> String? = { plan.unfinishedFolder(of: output) }
    let summary: ConversionSummary
    do {
      summary = try await withStopNotice({
        unfinished().map { "what is finished is kept in \($0), which may be removed" }
      }) {
        try await withProgress { report in
          try await convert(
            plan, to: output, workers: workers, rechecks: recheck, replaces: force,
            onProgress: report,
            onChanged: { units in
              if !quiet {
                StandardError.write(changedInputText(of: units, verb: "converted"))
              }
            })
        }
      }
    } catch {
      if let folder = unfinished() {
        StandardError.write(
          "what is finished is kept in \(folder): run the same command again to go on, or remove that folder\n"
        )
      }
      throw error
    }
    try StandardOutput.write(
      json
        ? jsonText(of: ConversionFindings(summary, output: output, isMerging: plan.isMerging))
        : ConversionText(output: output, plan: plan, summary: summary).text)
  }

  private func options(for checkpoint: Checkpoint, workers: Int) async throws -> ConversionOptions {
    var options = ConversionOptions()
    options.form = form
    options.storedType = dtype
    options.detail = certificate
    options.shardByteCount = maxShardSize.byteCount
    split.enter(into: &options)
    if let captures = split.captures {
      let capture = try Capture(path: captures, dropsRepeats: split.dropRepeats)
      if !quiet {
        for remark in capture.rows.recorded?.remarks ?? [] { StandardError.write("\(remark)\n") }
      }
      options.weights = .usage(
        loads: try await expertLoads(
          of: checkpoint, in: capture, layers: options.layers, workers: workers),
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
    """
      + ((plan.decoded.map { ConversionText.decoded($0) } ?? [])
      + ConversionText.leftBehind(plan.leftBehind)).map { "\n\($0)" }.joined()
  }
}

extension ConversionOptions.Form: ExpressibleByArgument {}
extension ConversionOptions.StoredType: ExpressibleByArgument {}
extension ConversionOptions.Detail: ExpressibleByArgument {}
