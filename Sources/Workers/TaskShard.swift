/// Which share of a work that is planned in shards this process was started for.
///
/// Launchers and batch systems tell each of their processes its number in the environment. Some of
/// what they tell is about something else:
///
/// - `SLURM_ARRAY_TASK_COUNT` is 1 for `--array=3`, and smaller than it was wherever a part of an
///   array is submitted again. How many shards there are only the plan knows.
/// - `sbatch -n 4` sets `SLURM_PROCID=0` and `SLURM_NTASKS=4`, but starts one process: they mean
///   something in a step alone, which `srun` starts.
/// - Under `mpirun`, `SLURM_PROCID` is the number of the launcher, not that of its process.
/// - `srun --mpi=pmi2`, and `mpirun -n 1`, give a process in a task of an array a world of its own.
package struct TaskShard: Equatable, Sendable {
  /// The number of the shard, from 0.
  package let index: Int
  /// How many processes were started together, one for each shard; nil in an array of tasks.
  package let count: Int?
  /// What told it: `--shard`, or the name of a variable.
  package let source: String

  /// Describes a share of the work.
  package init(index: Int, count: Int?, source: String) {
    self.index = index
    self.count = count
    self.source = source
  }

  /// Finds what the environment tells; nil where nothing is told, and all of the work is meant.
  ///
  /// In this order: a world of several processes of Open MPI, or of another MPI by PMI; a task of an
  /// array of Slurm, Kubernetes, AWS Batch or PBS; a step of Slurm of several tasks, unless an MPI
  /// started this process.
  ///
  /// - Parameter environment: The variables of the process.
  /// - Throws: ``TaskShardError`` where a variable that tells it holds no number.
  package init?(environment: [String: String]) throws(TaskShardError) {
    let variables = Variables(environment: environment)
    var isOfMPI = false
    for (rank, size) in Self.worlds {
      guard let index = try variables.number(rank), let count = try variables.number(size) else {
        continue
      }
      isOfMPI = true
      guard count > 1 else { continue }
      self.init(index: index, count: count, source: rank)
      return
    }
    for name in Self.arrays {
      guard let index = try variables.number(name) else { continue }
      self.init(index: index, count: nil, source: name)
      return
    }
    guard !isOfMPI, variables.has("SLURM_STEP_ID"),
      let index = try variables.number("SLURM_PROCID"),
      let count = try variables.number("SLURM_STEP_NUM_TASKS"), count > 1
    else { return nil }
    self.init(index: index, count: count, source: "SLURM_PROCID")
  }

  private static let worlds = [
    ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"),
  ]

  private static let arrays = [
    "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX", "PBS_ARRAY_INDEX",
  ]
}

/// A variable that should tell which share of the work is meant holds no number.
package struct TaskShardError: Error, Equatable, CustomStringConvertible {
  /// The variable.
  package let variable: String
  /// What it holds.
  package let value: String

  /// What is wrong, and what to do.
  package var description: String {
    "\(variable) is '\(value)', but a number from 0 on tells which shard is meant; unset it, or name the shard with --shard"
  }
}

private struct Variables {
  let environment: [String: String]

  /// Whether a variable is there and not empty.
  func has(_ name: String) -> Bool { environment[name]?.isEmpty == false }

  /// The number that a variable holds; nil where it is missing or empty.
  func number(_ name: String) throws(TaskShardError) -> Int? {
    guard let value = environment[name], !value.isEmpty else { return nil }
    guard let number = Int(value), number >= 0 else {
      throw TaskShardError(variable: name, value: value)
    }
    return number
  }
}
