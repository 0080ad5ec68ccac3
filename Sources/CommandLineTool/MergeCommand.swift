import ArgumentParser
import Checkpoints
import Findings
import SpectralAnalysis
import SpectralReports

/// `sdmoe merge` — makes a whole run of its shards.
struct MergeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Write the tables, the figures and the page of a run whose shards are done.",
    usage: "sdmoe merge <run> [<options>]",
    discussion: """
      Compares every file of every unit with the digest that was taken when it was written. Where all \
      are there, the run becomes the same, byte for byte, as if sdmoe analyze had made it on one \
      machine of the same kind. Else nothing is written, and the shards that are missing or damaged \
      go to standard output as Slurm's --array takes them.
      """)

  @Argument(
    help: ArgumentHelp("A folder that sdmoe plan made.", valueName: "run"), completion: .directory)
  var folder: String

  @OptionGroup var jobs: JobsOption

  @Flag(name: [.short, .long], help: "Write nothing but errors to standard error.")
  var quiet = false

  @Flag(help: "Write the summary as JSON.")
  var json = false

  func run() async throws {
    try await endingForSchedulers {
      let plan = try ShardPlan(ofRunAt: folder, version: version)
      let unfinished = plan.unfinishedShards(
        lacking: try RunFolder.lackingUnits(ofRunAt: folder, comparesDigests: true))
      guard unfinished.isEmpty else {
        let shards = unfinished.map(\.shard)
        if !json { try StandardOutput.write("--array=\(rangesText(shards))") }
        throw AnalysisError.unfinishedShards(
          path: folder, count: plan.shards.count, shards: shards,
          reasons: unfinished.flatMap(\.reasons))
      }
      var run = try RunFolder(finishedAt: folder, forWriting: true)
      try gatherResults(in: &run)
      try await RunReport(of: run).write(workers: jobs.count)
      try tellFindings(of: run, asJSON: json, isQuiet: quiet)
    }
  }
}
