import Foundation

/// Runs a body once to warm up and then several times; returns the seconds of each counted run,
/// sorted.
func measure(runs: Int = 7, _ body: () throws -> Void) rethrows -> [Double] {
  try body()
  let clock = ContinuousClock()
  return try (0..<runs).map { _ in
    let time = try clock.measure(body)
    return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
  }.sorted()
}

/// Prints a line of the result: what, the median and the fastest run, a rate, and a remark.
func report(_ what: String, _ seconds: [Double], rate: (Double) -> String, remark: String = "") {
  let median = seconds[seconds.count / 2]
  let fields = [
    what, String(format: "%.4f", median), String(format: "%.4f", seconds[0]), rate(median), remark,
  ]
  print(fields.joined(separator: ","))
}

/// What a finished process cost.
struct ProcessCost {
  var seconds: Double
  var peakMemory: Int
  var status: Int32
}

/// Runs a program to its end, its output thrown away, and says what it cost.
func run(_ program: String, _ arguments: [String]) throws -> ProcessCost {
  var pid = pid_t()
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
  var argv: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
  defer { argv.forEach { free($0) } }
  let start = ContinuousClock.now
  guard posix_spawn(&pid, program, &actions, nil, &argv, environ) == 0 else {
    throw CocoaError(.fileNoSuchFile)
  }
  var status: Int32 = 0
  var usage = rusage()
  wait4(pid, &status, 0, &usage)
  let time = ContinuousClock.now - start
  return ProcessCost(
    seconds: Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18,
    peakMemory: usage.ru_maxrss * 1024, status: status)
}
