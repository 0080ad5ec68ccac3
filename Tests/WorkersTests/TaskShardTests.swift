import Testing
import Workers

/// Checks what `TaskShard` reads from the environment of launchers and batch systems.
@Suite struct TaskShardTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let environment: [String: String]
    let expected: TaskShard?
    var testDescription: String { name }

    init(_ name: String, _ environment: [String: String], _ expected: TaskShard?) {
      (self.name, self.environment, self.expected) = (name, environment, expected)
    }
  }

  static func shard(_ index: Int, of count: Int?, _ source: String) -> TaskShard {
    TaskShard(index: index, count: count, source: source)
  }

  static let cases: [Case] = [
    Case("nothing", [:], nil),
    Case(
      "Open MPI, under whose mpirun SLURM_PROCID is the launcher's",
      [
        "OMPI_COMM_WORLD_RANK": "5", "OMPI_COMM_WORLD_SIZE": "8", "SLURM_PROCID": "0",
        "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2", "PMI_RANK": "1", "PMI_SIZE": "2",
      ], shard(5, of: 8, "OMPI_COMM_WORLD_RANK")),
    Case(
      "another MPI, before an array",
      ["PMI_RANK": "3", "PMI_SIZE": "4", "SLURM_ARRAY_TASK_ID": "9"], shard(3, of: 4, "PMI_RANK")),
    Case(
      "a part of an array that is submitted again: its count is not that of the plan",
      [
        "SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_COUNT": "1", "SLURM_ARRAY_TASK_MIN": "3",
        "SLURM_PROCID": "0", "SLURM_NTASKS": "1",
      ], shard(3, of: nil, "SLURM_ARRAY_TASK_ID")),
    Case(
      "a step in a task of an array",
      [
        "SLURM_ARRAY_TASK_ID": "6", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "2",
        "SLURM_PROCID": "1",
      ], shard(6, of: nil, "SLURM_ARRAY_TASK_ID")),
    Case(
      "srun --mpi=pmi2 in a task of an array: a world of one",
      [
        "PMI_RANK": "0", "PMI_SIZE": "1", "SLURM_ARRAY_TASK_ID": "2", "SLURM_STEP_ID": "0",
        "SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0",
      ], shard(2, of: nil, "SLURM_ARRAY_TASK_ID")),
    Case(
      "Kubernetes", ["JOB_COMPLETION_INDEX": "0"], shard(0, of: nil, "JOB_COMPLETION_INDEX")),
    Case(
      "AWS Batch", ["AWS_BATCH_JOB_ARRAY_INDEX": "7"],
      shard(7, of: nil, "AWS_BATCH_JOB_ARRAY_INDEX")),
    Case("PBS", ["PBS_ARRAY_INDEX": "12"], shard(12, of: nil, "PBS_ARRAY_INDEX")),
    Case(
      "srun", ["SLURM_PROCID": "2", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_ID": "0"],
      shard(2, of: 4, "SLURM_PROCID")),
    Case(
      "sbatch -n 4 without srun starts one process",
      ["SLURM_PROCID": "0", "SLURM_NTASKS": "4", "SLURM_NPROCS": "4"], nil),
    Case(
      "srun -n 1", ["SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1", "SLURM_STEP_ID": "0"], nil),
    Case(
      "mpirun -n 1, whose launcher is a step of Slurm",
      [
        "OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "1", "SLURM_PROCID": "1",
        "SLURM_STEP_NUM_TASKS": "2", "SLURM_STEP_ID": "0",
      ], nil),
    Case(
      "variables that are empty", ["SLURM_ARRAY_TASK_ID": "", "OMPI_COMM_WORLD_RANK": ""], nil),
    Case("a rank without a size", ["OMPI_COMM_WORLD_RANK": "1", "PMI_RANK": "1"], nil),
  ]

  @Test("finds the shard", arguments: cases)
  func found(item: Case) throws {
    #expect(try TaskShard(environment: item.environment) == item.expected)
  }

  @Test("a variable without a number is refused", arguments: ["x", "-1", "3/4", "1.5"])
  func noNumber(value: String) {
    let error = #expect(throws: TaskShardError.self) {
      try TaskShard(environment: ["SLURM_ARRAY_TASK_ID": value])
    }
    #expect(
      error?.description
        == "SLURM_ARRAY_TASK_ID is '\(value)', but a number from 0 on tells which shard is meant; unset it, or name the shard with --shard"
    )
  }
}
