import Foundation

/// What of the machine belongs to this process: seldom all of it, in a container, in a batch job, or
/// where its owner set limits.
///
/// What the system tells comes as texts of files and variables, so that any machine can be described.
package struct MachineShare {
  private let coreCountOfMachine: Int
  private let read: (String) -> String?
  private let environment: [String: String]

  /// Describes a machine.
  ///
  /// - Parameters:
  ///   - coreCount: How many cores it has.
  ///   - environment: The variables that a batch system sets.
  ///   - read: Gives the text of a file of the system, such as `/proc/meminfo`; nil where it is
  ///     missing, as all are on other systems than Linux.
  package init(
    coreCount: Int, environment: [String: String], read: @escaping (String) -> String?
  ) {
    coreCountOfMachine = coreCount
    self.environment = environment
    self.read = read
  }

  /// The share of this process, as it is now.
  package static var own: MachineShare {
    MachineShare(
      coreCount: ProcessInfo.processInfo.activeProcessorCount,
      environment: ProcessInfo.processInfo.environment
    ) { path in
      FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  // MARK: Cores

  /// How many cores the process may use; at least one.
  ///
  /// It is the least that the machine has, that the process is bound to, that its control groups give
  /// it time for, and that its batch job was given.
  package var coreCount: Int {
    let groups = ControlGroups(read: read).coreLimit.map { Int($0.rounded(.up)) }
    // By these Slurm, PBS, Torque, LSF and Grid Engine tell a job what it was given on a machine.
    let jobs = [
      "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE", "NCPUS", "PBS_NUM_PPN", "LSB_DJOB_NUMPROC",
      "NSLOTS",
    ].compactMap { variable($0) }
    return max(
      1, ([coreCountOfMachine] + [boundCount, groups].compactMap(\.self) + jobs).min() ?? 1)
  }

  /// How many cores the scheduler may put the process on.
  private var boundCount: Int? {
    guard let list = value(of: "Cpus_allowed_list", in: "/proc/self/status") else { return nil }
    return list.split(separator: ",").reduce(0) { count, range in
      let ends = range.split(separator: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, last >= first else { return count }
      return count + last - first + 1
    }
  }

  // MARK: Memory

  /// How many bytes of memory the process may use: the least that the machine has free, that its
  /// control groups allow, that its batch job was given, and that is left of its own limits; nil
  /// where the system tells none of them.
  package var memory: Int? {
    let free = value(of: "MemAvailable", in: "/proc/meminfo").flatMap { kilobytes($0) }
    return [free, ControlGroups(read: read).memoryLimit, jobMemory, addressSpace]
      .compactMap(\.self).min()
  }

  /// What Slurm gave the job, which it says in mebibytes; 0 stands for all.
  private var jobMemory: Int? {
    let perCore = variable("SLURM_MEM_PER_CPU").flatMap { memory in
      variable("SLURM_CPUS_ON_NODE").map { Double(memory) * Double($0) }
    }
    // More than can be counted is no limit.
    return (variable("SLURM_MEM_PER_NODE").map(Double.init) ?? perCore)
      .flatMap { Int(exactly: ($0 * 0x1p20).rounded()) }
  }

  /// How many more bytes of addresses, with or without memory behind them, the process may take by
  /// its limits on address space and on data; nil where neither is limited.
  package var addressSpace: Int? {
    guard let taken = read("/proc/self/statm")?.split(separator: " ").compactMap({ Int($0) }),
      taken.count > 5
    else { return nil }
    // The sixth number is data and stacks.
    return [("Max address space", taken[0]), ("Max data size", taken[5])]
      .compactMap { name, pages in
        limit(name).map { max(0, $0 - pages * Int(sysconf(Int32(_SC_PAGESIZE)))) }
      }.min()
  }

  /// What stands first behind a name in the table of the process's limits.
  private func limit(_ name: String) -> Int? {
    (read("/proc/self/limits") ?? "").split(separator: "\n").first { $0.hasPrefix(name) }
      .flatMap { $0.dropFirst(name.count).split(separator: " ").first }.flatMap { Int($0) }
  }

  // MARK: What files and variables say

  /// A variable that says how much there is; nil unless it is a number over zero.
  private func variable(_ name: String) -> Int? {
    environment[name].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
  }

  /// What stands behind a name and a colon.
  private func value(of name: String, in path: String) -> String? {
    read(path)?.split(separator: "\n").first { $0.hasPrefix("\(name):") }?
      .dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
  }

  private func kilobytes(_ text: String) -> Int? {
    text.split(separator: " ").first.flatMap { Int($0) }.map { $0 << 10 }
  }
}
