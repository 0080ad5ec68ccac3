import Testing
import Workers

/// Machines described by the texts of their files.
@Suite struct MachineShareTests {
  static let unlimited = "Max address space         unlimited            unlimited            bytes"

  static func share(
    _ files: [String: String], environment: [String: String] = [:]
  ) -> MachineShare {
    MachineShare(coreCount: 64, environment: environment) { files[$0] }
  }

  /// A machine that mounts control groups of version 2, with the process in `/a/b`.
  static let version2 = [
    "/proc/self/cgroup": "0::/a/b\n",
    "/proc/self/mountinfo":
      "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
  ]

  /// One with version 1, whose controllers lie in folders of their own.
  static let version1 = [
    "/proc/self/cgroup": "5:memory:/job\n4:cpu,cpuacct:/job\n1:name=systemd:/\n",
    "/proc/self/mountinfo": """
    22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
    33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct
    35 31 0:32 / /sys/fs/cgroup/memory rw shared:11 - cgroup cgroup rw,memory
    """,
  ]

  @Test("has the machine's cores where nothing limits them")
  func wholeMachine() {
    #expect(Self.share([:]).coreCount == 64)
    #expect(Self.share(Self.version2).coreCount == 64)
  }

  @Test("has no more cores than it is bound to")
  func bound() {
    let files = ["/proc/self/status": "Name:\tsdmoe\nCpus_allowed_list:\t0-3,8\nThreads:\t1\n"]
    #expect(Self.share(files).coreCount == 5)
  }

  @Test("has the least cores of its groups, whatever their level, rounded up")
  func coresOfGroups() {
    var files = Self.version2
    files["/sys/fs/cgroup/a/b/cpu.max"] = "max 100000\n"
    files["/sys/fs/cgroup/a/cpu.max"] = "250000 100000\n"
    #expect(Self.share(files).coreCount == 3)
    files["/sys/fs/cgroup/a/b/cpu.max"] = "10000 100000\n"
    #expect(Self.share(files).coreCount == 1)

    var old = Self.version1
    old["/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us"] = "-1\n"
    old["/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us"] = "100000\n"
    #expect(Self.share(old).coreCount == 64)
    old["/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"] = "400000\n"
    old["/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us"] = "100000\n"
    #expect(Self.share(old).coreCount == 4)
  }

  @Test(
    "has what a batch system gave its job",
    arguments: ["SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE", "NCPUS", "NSLOTS"])
  func coresOfJob(variable: String) {
    #expect(Self.share([:], environment: [variable: "6"]).coreCount == 6)
    #expect(Self.share([:], environment: [variable: "0"]).coreCount == 64)
    #expect(Self.share([:], environment: [variable: "all"]).coreCount == 64)
  }

  @Test("has the memory that is free, unless a group allows less")
  func memory() {
    var files = Self.version2
    files["/proc/meminfo"] = "MemTotal:  8000 kB\nMemAvailable:     6000 kB\n"
    #expect(Self.share(files).memory == 6000 << 10)
    files["/sys/fs/cgroup/a/b/memory.max"] = "max\n"
    files["/sys/fs/cgroup/a/memory.max"] = "3000000\n"
    #expect(Self.share(files).memory == 3_000_000)
    files["/sys/fs/cgroup/a/b/memory.high"] = "2000000\n"
    #expect(Self.share(files).memory == 2_000_000)

    var old = Self.version1
    old["/sys/fs/cgroup/memory/memory.limit_in_bytes"] = "9223372036854771712\n"
    old["/sys/fs/cgroup/memory/job/memory.limit_in_bytes"] = "1000000\n"
    #expect(Self.share(old).memory == 1_000_000)
    #expect(Self.share([:]).memory == nil)
  }

  @Test("finds its group where a container mounts that alone, and at a path with a blank")
  func containers() {
    let files = [
      "/proc/self/cgroup": "5:memory:/docker/f00\n0::/../other\n",
      "/proc/self/mountinfo": """
      35 31 0:32 /docker/f00 /my\\040groups/memory ro - cgroup cgroup rw,memory
      36 31 0:33 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
      """,
      "/my groups/memory/memory.limit_in_bytes": "5000\n",
      "/sys/fs/cgroup/memory.max": "4000\n",
    ]
    #expect(Self.share(files).memory == 4000)
  }

  @Test("has the memory that Slurm gave the job")
  func jobMemory() {
    #expect(Self.share([:], environment: ["SLURM_MEM_PER_NODE": "3"]).memory == 3 << 20)
    #expect(Self.share([:], environment: ["SLURM_MEM_PER_NODE": "0"]).memory == nil)
    let perCore = ["SLURM_MEM_PER_CPU": "2", "SLURM_CPUS_ON_NODE": "4"]
    #expect(Self.share([:], environment: perCore).memory == 8 << 20)
    // More than can be counted.
    for memory in ["\(Int.max)", "9999999999999"] {
      let perCore = ["SLURM_MEM_PER_CPU": memory, "SLURM_CPUS_ON_NODE": "2"]
      #expect(Self.share([:], environment: perCore).memory == nil)
      #expect(Self.share([:], environment: ["SLURM_MEM_PER_NODE": memory]).memory == nil)
    }
  }

  @Test("has the address space that its limits leave, of all and of data")
  func addressSpace() {
    var files = [
      "/proc/self/statm": "100 50 40 5 0 20 0\n",
      "/proc/self/limits": "Limit   Soft Limit   Hard Limit  Units\n\(Self.unlimited)\n",
    ]
    #expect(Self.share(files).addressSpace == nil)
    // Any page is shorter than 10^7 bytes / 100.
    files["/proc/self/limits"] =
      "Max data size             20000000             unlimited            bytes\n"
      + "Max address space         10000000             unlimited            bytes\n"
    let left = Self.share(files).addressSpace ?? 0
    #expect((1..<10_000_000).contains(left) && left % 100 == 0)
    #expect(Self.share(files).memory == left)
    files["/proc/self/limits"] = "Max data size  1  unlimited  bytes\n"
    #expect(Self.share(files).addressSpace == 0)
  }

  @Test("of this process is some cores and, on Linux, some memory")
  func own() {
    #expect(MachineShare.own.coreCount >= 1)
    #if os(Linux)
      #expect((MachineShare.own.memory ?? 0) > 0)
    #endif
  }
}
