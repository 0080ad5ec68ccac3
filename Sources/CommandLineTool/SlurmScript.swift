import Checkpoints
import Files

/// The lines by which Slurm measures the shards of a run, each as a task of a job array, and merges
/// them.
///
/// A task that ends with 75 is begun again, on whichever machine, up to three times; so is one whose
/// machine fails. The merge waits for the end of each task by its own number: after a task was begun
/// again, Slurm takes a dependency on the whole array for one that cannot be met any more. It waits
/// for any end, because it says itself which shards are not done.
struct SlurmScript {
  /// The run folder, as every machine sees it.
  let run: String
  /// The shards to measure, ascending.
  let shards: [Int]
  /// How many shards the plan has.
  let count: Int
  /// The program.
  let program: String
  /// How many tasks one array may have.
  let arraySize: Int
  /// How many tasks of an array may run at once; nil for any number.
  let atOnce: Int?
  /// Words for sbatch.
  let options: [String]

  /// The lines for a shell.
  var text: String {
    let logs = "\(run)/.sdmoe/logs"
    var lines = ["mkdir -p \(shellText(of: logs))", "tasks="]
    for block in Dictionary(grouping: shards, by: { $0 / arraySize }).sorted(by: { $0.key < $1.key }
    ) {
      let offset = block.key * arraySize
      let tasks = block.value.map { $0 - offset }
      let limit = atOnce.map { "%\($0)" } ?? ""
      lines += [
        "job=$(\(sbatch)--parsable --requeue --open-mode=append --array=\(rangesText(tasks))\(limit) --output=\(shellText(of: "\(logs)/%A_%a.log")) --wrap=\(shellText(of: task(offset: offset))))",
        "job=${job%%;*}",
        "tasks=$tasks$(printf \":${job}_%s\" \(Self.sequences(of: tasks)))",
      ]
    }
    let merge = "\(shellText(of: program)) merge \(shellText(of: run)) --quiet"
    let after = shards.isEmpty ? "" : "--dependency=afterany$tasks "
    lines.append(
      "\(sbatch)\(after)--output=\(shellText(of: "\(logs)/merge-%j.log")) --wrap=\(shellText(of: merge))"
    )
    return lines.joined(separator: "\n")
  }

  private var sbatch: String {
    "sbatch " + options.map { shellText(of: $0) + " " }.joined()
  }

  /// What a task does; the array tells it its shard, but for those past the first array.
  private func task(offset: Int) -> String {
    let shard = offset == 0 ? "" : " --shard $((SLURM_ARRAY_TASK_ID + \(offset)))/\(count)"
    return """
      \(shellText(of: program)) analyze --plan \(shellText(of: run)) --quiet\(shard) || { code=$?; \
      if [ $code = 75 ] && [ "${SLURM_RESTART_COUNT:-0}" -lt 3 ]; then \
      scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"; fi; exit $code; }
      """
  }

  /// Numbers as words for a shell.
  private static func sequences(of numbers: [Int]) -> String {
    rangesText(numbers).split(separator: ",").map { range in
      let ends = range.split(separator: "-")
      return ends.count == 2 ? "$(seq \(ends[0]) \(ends[1]))" : String(range)
    }.joined(separator: " ")
  }
}
