import ArgumentParser
import Workers

/// How much is worked on at once.
struct JobsOption: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: ArgumentHelp(
      "How many matrices or units to work on at once. (default: the cores that it may use)",
      valueName: "count"))
  var jobs: Int?

  func validate() throws {
    if let jobs, jobs < 1 { throw ValidationError("--jobs is \(jobs), but must be at least 1") }
  }

  /// What was asked for, and else the cores that this process may use.
  var count: Int { jobs ?? MachineShare.own.coreCount }
}
