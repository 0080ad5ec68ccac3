import ArgumentParser
import Experts
import Findings
import Foundation
import SpectralAnalysis

/// `sdmoe submit` — has Slurm measure the shards of a run, and merge them.
struct SubmitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit",
    abstract: "Write the lines that have Slurm measure the shards of a run, or submit them.",
    usage: "sdmoe submit <run> [--run] [<options>] [-- <options of sbatch>]",
    discussion: """
      The shards that are not done become tasks of a job array, and the merge a job that waits for \
      them. Options of sbatch, such as -- --partition=long --cpus-per-task=8 --mem=4G \
      --time=2:00:00, stand after two dashes and are those of all jobs. What the jobs say goes to \
      .sdmoe/logs of the run folder. sdmoe uses as many cores and as much memory as Slurm gives it.
      """)

  @Argument(
    help: ArgumentHelp("A folder that sdmoe plan made.", valueName: "run"), completion: .directory)
  var folder: String

  @Flag(name: .customLong("run"), help: "Submit the jobs, rather than write the lines that do.")
  var submits = false

  @Option(
    help: ArgumentHelp(
      "How many shards may be measured at once. (default: as many as Slurm can)", valueName: "count"
    ))
  var atOnce: Int?

  @Option(
    help: ArgumentHelp(
      "How many tasks an array of this cluster may have: MaxArraySize in 'scontrol show config', less one.",
      valueName: "count"))
  var arraySize = 1000

  @Argument(
    parsing: .postTerminator, help: ArgumentHelp("Options of sbatch.", valueName: "options"))
  var options: [String] = []

  func validate() throws {
    for (name, number) in [("--at-once", atOnce), ("--array-size", arraySize)] {
      if let number, number < 1 {
        throw ValidationError("\(name) is \(number), but must be at least 1")
      }
    }
  }

  func run() throws {
    let plan = try ShardPlan(ofRunAt: folder, version: version)
    let unfinished = plan.unfinishedShards(
      lacking: try RunFolder.lackingUnits(ofRunAt: folder, comparesDigests: true))
    let script = SlurmScript(
      run: absolutePath(folder), shards: unfinished.map(\.shard), count: plan.shards.count,
      program: program, arraySize: arraySize, atOnce: atOnce, options: options)
    StandardError.write(
      "\(unfinished.count) of \(counted(plan.shards.count, "shard")) \(unfinished.count == 1 ? "is" : "are") not done\n"
    )
    guard submits else { return try StandardOutput.write(script.text) }
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = ["-euc", script.text]
    try shell.run()
    shell.waitUntilExit()
    guard shell.terminationReason == .exit, shell.terminationStatus == 0 else {
      StandardError.write(
        "Error: not all jobs were submitted; see what sbatch said, look for those that were with squeue, and run the same command again where Slurm's commands are\n"
      )
      throw ExitCode.failure
    }
  }

  /// The program as the jobs find it: by its path, or by the name that the shell looks for.
  private var program: String {
    let word = CommandLine.arguments.first ?? "sdmoe"
    return word.contains("/") ? absolutePath(word) : word
  }
}
