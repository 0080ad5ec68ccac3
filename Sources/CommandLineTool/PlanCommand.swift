import ArgumentParser
import Experts
import Findings
import LinearAlgebra
import SpectralAnalysis

/// `sdmoe plan` — divides an analysis among machines.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Divide an analysis into shards, for many machines.",
    usage: "sdmoe plan <checkpoint> --output <run> --shards <count> [<options>]",
    discussion: """
      Makes the run folder, and notes in it what is to be measured and which units belong to which \
      shard, so that all shards take nearly the same time. Each is measured by sdmoe analyze --plan \
      <run>, on any machine that sees the checkpoint and the run folder under the same paths; sdmoe \
      merge <run> writes the tables, and sdmoe submit <run> has Slurm do all of that. Planned again, \
      a run keeps its finished units.
      """)

  @Argument(help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "The run folder: new, empty, or holding the same run.", valueName: "run"),
    completion: .directory)
  var output: String

  @Option(
    help: ArgumentHelp(
      "How many shards: at most one for each unit, which is a layer and projection.",
      valueName: "count"))
  var shards: Int

  @OptionGroup var arguments: AnalysisArguments

  @Flag(name: [.short, .long], help: "Write nothing but errors to standard error.")
  var quiet = false

  func validate() throws {
    guard !output.isEmpty else {
      throw ValidationError("--output is empty, but must name a folder")
    }
    guard shards > 0 else { throw ValidationError("--shards is \(shards), but must be at least 1") }
    try arguments.check()
  }

  func run() throws {
    let plan = try arguments.plan(of: checkpoint, isQuiet: quiet)
    guard shards <= plan.unitCount else {
      throw ValidationError(
        "--shards is \(shards), but there are \(counted(plan.unitCount, "unit")), which are not divided; choose at most \(plan.unitCount)"
      )
    }
    try plan.check(output: output)
    if !quiet {
      StandardError.write(unmeasuredText(of: plan.inputs.checkpoint, measuring: plan.layers))
      warnOfSurroundings(ofOutput: output)
    }
    let divided = ShardPlan(
      of: plan, arguments: arguments.words(of: plan), kernels: try LinearAlgebraLibrary.kernels(),
      count: shards)
    let folder = try RunFolder(path: output, for: plan.manifest)
    try divided.write(toRunAt: folder.path)
    try StandardOutput.write(text(of: plan, divided: divided))
  }

  private func text(of plan: AnalysisPlan, divided: ShardPlan) -> String {
    let sizes = divided.shards.map(\.count)
    let (fewest, most) = (sizes.min() ?? 0, sizes.max() ?? 0)
    let units =
      fewest == most ? counted(most, "unit") : "\(fewest) to \(most) units"
    let balance = plan.balance(of: divided.shards)
    return describedLines([
      ("shards", "\(shards), of \(units) each"),
      ("balance", "\(Int((100 * balance).rounded())) % of the largest shard on average"),
      (
        "peak memory",
        "about \(bytesText(plan.predictedMemory(AnalysisEffort(workers: 1)))) for each shard with --jobs 1"
      ),
      ("kernels", "\(divided.kernels), on every machine"),
      ("next", "sdmoe submit \(output), or sdmoe analyze --plan \(output) --shard i/\(shards)"),
    ]).joined(separator: "\n")
  }
}
