/// The control groups of Linux that this process is in, of either version.
///
/// Limits hold for a group and all groups inside it, so each is the least that stands on the way from
/// the process's own group up to the one that is mounted.
///
/// Source: cgroups(7), proc_pid_mountinfo(5), and "Control Group v2" and "CFS Bandwidth Control" in
/// the documentation of the Linux kernel.
struct ControlGroups {
  /// Gives the text of a file; nil where there is none.
  let read: (String) -> String?

  /// How much time of cores the groups allow, such as 1.5 cores; nil where none sets a limit.
  var coreLimit: Double? {
    folders(of: "cpu").compactMap { folder in
      let limit =
        numbers(in: "\(folder)/cpu.max")
        ?? numbers(in: "\(folder)/cpu.cfs_quota_us").flatMap { quota in
          numbers(in: "\(folder)/cpu.cfs_period_us").map { quota + $0 }
        }
      // An unlimited quota is `max` in version 2 and -1 in version 1.
      guard let limit, limit.count == 2, limit[0] > 0, limit[1] > 0 else { return nil }
      return Double(limit[0]) / Double(limit[1])
    }.min()
  }

  /// How many bytes of memory the groups allow; nil where none sets a limit.
  var memoryLimit: Int? {
    folders(of: "memory").flatMap { folder in
      // Above `memory.high` a group is not ended, but slowed down until it gives memory back.
      ["memory.max", "memory.high", "memory.limit_in_bytes"]
        .compactMap { numbers(in: "\(folder)/\($0)")?.first }
    }.min()
  }

  /// The numbers that a file consists of; nil where it is missing or holds another word.
  private func numbers(in path: String) -> [Int]? {
    guard let words = read(path)?.split(whereSeparator: \.isWhitespace) else { return nil }
    let numbers = words.compactMap { Int($0) }
    return numbers.count == words.count ? numbers : nil
  }

  /// Where the files of a controller's groups lie, from the mounted group to the process's own.
  private func folders(of controller: String) -> [String] {
    let mounts = (read("/proc/self/mountinfo") ?? "").split(separator: "\n")
      .compactMap { ControlGroupMount(line: $0) }
    return (read("/proc/self/cgroup") ?? "").split(separator: "\n").flatMap { line -> [String] in
      // Such as `4:cpu,cpuacct:/group`; version 2, with all controllers, is `0::/group`.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return [] }
      let controllers = parts[1].split(separator: ",")
      let candidates = mounts.filter {
        controllers.isEmpty ? $0.isVersion2 : !$0.isVersion2 && $0.options.contains(controller)
      }
      guard controllers.isEmpty || controllers.contains(where: { $0 == controller }),
        let mount = candidates.first(where: { $0.steps(to: parts[2]) != nil }) ?? candidates.first
      else { return [] }
      // A container may see its group alone, mounted under another name than the path says.
      let steps = mount.steps(to: parts[2]) ?? []
      return (0...steps.count).map { count in
        ([mount.folder] + steps.prefix(count)).joined(separator: "/")
      }
    }
  }
}

/// A line of `mountinfo` that mounts control groups.
private struct ControlGroupMount {
  /// The folder where the groups lie.
  let folder: String
  /// The group that is mounted there.
  let root: [Substring]
  let isVersion2: Bool
  /// In version 1, the controllers are among them.
  let options: [String]

  init?(line: Substring) {
    let words = line.split(separator: " ")
    guard let dash = words.firstIndex(of: "-"), dash >= 6, words.count > dash + 3,
      ["cgroup", "cgroup2"].contains(words[dash + 1])
    else { return nil }
    folder = Self.unescaped(words[4])
    root = words[3].split(separator: "/")
    isVersion2 = words[dash + 1] == "cgroup2"
    options = words[dash + 3].split(separator: ",").map(String.init)
  }

  /// The names of the groups from the mounted one to another; nil where that does not lie inside.
  func steps(to group: Substring) -> [String]? {
    let names = group.split(separator: "/")
    guard names.starts(with: root), !names.contains("..") else { return nil }
    return names.dropFirst(root.count).map(String.init)
  }

  /// The text behind escapes such as `\040`, which stand for white space.
  private static func unescaped(_ text: Substring) -> String {
    let parts = text.split(separator: "\\", omittingEmptySubsequences: false)
    return parts.dropFirst().reduce(String(parts[0])) { result, part in
      guard let code = UInt8(part.prefix(3), radix: 8) else { return "\(result)\\\(part)" }
      return result + String(Unicode.Scalar(code)) + part.dropFirst(3)
    }
  }
}
