import Foundation
import TestSupport
import Testing

/// Checks `sdmoe plan`, `analyze --plan`, `merge` and `submit` as jobs of a cluster call them.
@Suite struct ShardRunTests {
  private let folder: TemporaryFolder
  private var run: String { folder.path("run") }

  init() throws {
    folder = try TemporaryFolder()
  }

  private func tool(_ words: [String], _ environment: [String: String] = [:]) throws -> Tool.Outcome
  {
    // What a batch job that runs these tests has of its own.
    let names = ["SLURM_ARRAY_TASK_ID", "SLURM_STEP_ID", "OMPI_COMM_WORLD_SIZE", "PMI_SIZE"]
    let none = Dictionary(uniqueKeysWithValues: names.map { ($0, "") })
    return try Tool.start(
      try Tool.path.get(), words, in: folder.path, streams: TemporaryFolder(),
      environment: none.merging(environment) { $1 }
    ).outcome()
  }

  @discardableResult
  private func plan(_ shards: Int, _ options: [String] = [], of model: String = Samples.qwen) throws
    -> Tool.Outcome
  {
    let outcome = try tool(["plan", model, "-o", "run", "--shards", "\(shards)"] + options)
    #expect(outcome.status == 0, "\(outcome.errors)")
    return outcome
  }

  private func shard(_ words: [String], _ environment: [String: String] = [:]) throws
    -> Tool.Outcome
  {
    try tool(["analyze", "--plan", "run", "--quiet"] + words, environment)
  }

  // MARK: A whole run

  @Test("tasks of an array, in any order and twice at once, make the run of one machine")
  func array() throws {
    let outcome = try plan(4)
    #expect(outcome.output.contains("shards       4, of 2 to 3 units each\n"), "\(outcome.output)")
    #expect(outcome.output.contains("balance      75 % of"), "\(outcome.output)")
    for task in [2, 0, 3, 1] {
      let environment = ["SLURM_ARRAY_TASK_ID": "\(task)", "SLURM_ARRAY_TASK_COUNT": "1"]
      let other = try Tool.start(
        try Tool.path.get(), ["analyze", "--plan", "run", "--quiet"], in: folder.path,
        streams: TemporaryFolder(), environment: environment)
      let done = try shard([], environment)
      #expect(done.status == 0, "\(done.errors)")
      #expect(done.errors == "")
      #expect(
        done.output.wholeMatch(
          of: /run: shard \d\/4, told by SLURM_ARRAY_TASK_ID: [23] units done\n/) != nil,
        "\(done.output)")
      #expect(try other.outcome().status == 0)
    }
    #expect(!FileManager.default.fileExists(atPath: "\(run)/index.html"))
    let merged = try tool(["merge", "run"])
    #expect(merged.status == 0, "\(merged.errors)")
    let reference = try Samples.reference.get()
    #expect(merged.output == reference.outcome.output)
    #expect(differences(try filesByPath(under: run), reference.files) == [])
  }

  @Test("captures, gradients and other options are those of the plan")
  func fullInputs() throws {
    let options = ["--layers", "0,2", "--full-spectrum", "--tokens", "300"] + Samples.fullInputs
    try plan(3, options)
    for task in 0..<3 {
      let done = try shard(["--shard", "\(task)/3"])
      #expect(done.status == 0, "\(done.errors)")
    }
    #expect(try tool(["merge", "run", "--quiet"]).status == 0)
    let whole = try tool(["analyze", Samples.qwen, "-o", "whole", "--quiet"] + options)
    #expect(whole.status == 0, "\(whole.errors)")
    #expect(
      differences(try filesByPath(under: run), try filesByPath(under: folder.path("whole"))) == [])
  }

  @Test("paths from where the run was planned are found from elsewhere, also through a link")
  func elsewhere() throws {
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("a model"), withDestinationPath: Samples.tiny)
    try plan(1, of: "a model")
    let done = try Tool.start(
      try Tool.path.get(), ["analyze", "--plan", run], in: "/", streams: TemporaryFolder()
    ).outcome()
    #expect(done.status == 0, "\(done.errors)")
    #expect(done.output == "\(run): all shards: 6 units done\n")
    #expect(try tool(["merge", run]).status == 0)
    let manifest = try String(contentsOfFile: "\(run)/manifest.json", encoding: .utf8)
    #expect(manifest.contains("\"name\" : \"a model\""))
  }

  // MARK: Which shard

  static let misfits: [(environment: [String: String], words: [String], message: String)] = [
    (
      ["SLURM_ARRAY_TASK_ID": "4"], [],
      "SLURM_ARRAY_TASK_ID is 4, but run is planned in 4 shards, counted from 0: an array of them is --array=0-3"
    ),
    (
      ["OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"], [],
      "OMPI_COMM_WORLD_RANK tells of 2 shards, but run is planned in 4; start 4 processes, or plan again with sdmoe plan --shards 2"
    ),
    (
      [:], ["--shard", "0/1"],
      "--shard tells of 1 shard, but run is planned in 4; start 4 processes, or plan again with sdmoe plan --shards 1"
    ),
    (
      ["JOB_COMPLETION_INDEX": "one"], [],
      "JOB_COMPLETION_INDEX is 'one', but a number from 0 on tells which shard is meant; unset it, or name the shard with --shard"
    ),
  ]

  @Test("a shard that the plan does not have is refused with 64", arguments: misfits)
  func misfit(environment: [String: String], words: [String], message: String) throws {
    try plan(4)
    let outcome = try shard(words, environment)
    #expect(outcome.status == 64)
    #expect(outcome.errors.hasPrefix("Error: \(message)\n"), "\(outcome.errors)")
    #expect(outcome.output == "")
  }

  @Test("--shard goes before all that the environment tells")
  func named() throws {
    try plan(3)
    let outcome = try shard(["--shard", "1/3"], ["SLURM_ARRAY_TASK_ID": "2"])
    #expect(outcome.output == "run: shard 1/3, told by --shard: 3 units done\n")
  }

  static let wrongWords: [(words: String, message: String)] = [
    ("plan CKPT -o RUN", "Missing expected argument '--shards <count>'"),
    ("plan CKPT -o RUN --shards 0", "--shards is 0, but must be at least 1"),
    ("analyze CKPT -o RUN --shard 0/2", "--shard is of a run that is planned; name it with --plan"),
    ("analyze --plan RUN --shard 2/2", "The value '2/2' is invalid for '--shard <i/n>'"),
    ("analyze --plan RUN --json", "--json is of sdmoe merge, once all shards are done"),
    ("analyze --plan RUN CKPT", "--plan says where and what to measure; leave out"),
    ("analyze --plan RUN --fraction 0.02", "--plan says where and what to measure; leave out"),
    ("analyze --plan RUN --layers 1", "--plan says where and what to measure; leave out"),
    ("analyze --plan RUN --keep-going", "--plan says where and what to measure; leave out"),
    ("submit RUN --at-once 0", "--at-once is 0, but must be at least 1"),
  ]

  @Test("what contradicts the plan is refused with 64", arguments: wrongWords)
  func contradiction(words: String, message: String) throws {
    let outcome = try tool(words.split(separator: " ").map(String.init))
    #expect(outcome.status == 64)
    #expect(outcome.errors.hasPrefix("Error: \(message)"), "\(outcome.errors)")
  }

  @Test("there are no more shards than units")
  func tooMany() throws {
    let outcome = try tool(["plan", Samples.qwen, "-o", "run", "--shards", "10"])
    #expect(outcome.status == 64)
    #expect(
      outcome.errors.hasPrefix(
        "Error: --shards is 10, but there are 9 units, which are not divided; choose at most 9\n"),
      "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: run))
  }

  // MARK: What is wrong

  @Test("another checkpoint than the planned one is refused with 1")
  func otherCheckpoint() throws {
    try Samples.copy(of: Samples.tiny, to: folder.path("model"))
    try plan(2, of: "model")
    // The same names and sizes, with another content.
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path("model"))
    where name.hasSuffix(".safetensors") {
      let file = URL(filePath: folder.path("model/\(name)"))
      var data = try Data(contentsOf: file)
      for place in data.indices.suffix(data.count / 2) { data[place] ^= 1 }
      try data.write(to: file)
    }
    let outcome = try shard(["--shard", "0/2"])
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "Error: \(folder.path("model")): is not the checkpoint that run was planned of; bring the same files to every machine, or plan again with sdmoe plan\n"
    )
  }

  #if arch(x86_64) && os(Linux)
    @Test("a plan pins the kernels of its machine, whatever another one would choose")
    func kernels() throws {
      // Any x86-64 runs the oldest kernels.
      let planned = try tool(
        ["plan", Samples.tiny, "-o", "run", "--shards", "1"], ["OPENBLAS_CORETYPE": "Prescott"])
      #expect(planned.output.contains("the Prescott kernels of OpenBLAS"), "\(planned.output)")
      let chosen = ["OPENBLAS_CORETYPE": "Nehalem"]
      #expect(try shard([], chosen).status == 0)
      #expect(try tool(["merge", "run", "--quiet"]).status == 0)
      let whole = try tool(
        ["analyze", Samples.tiny, "-o", "whole", "--quiet"], ["OPENBLAS_CORETYPE": "Prescott"])
      #expect(whole.status == 0)
      #expect(
        differences(try filesByPath(under: run), try filesByPath(under: folder.path("whole"))) == []
      )
    }
  #endif

  @Test("merging refuses shards that are missing or damaged, and names them")
  func unfinished() throws {
    try plan(9)
    let none = try tool(["merge", "run"])
    #expect(none.status == 1)
    #expect(none.output == "--array=0-8\n")
    #expect(try shard([]).status == 0)
    let table = URL(filePath: "\(run)/units/layer-000-up_proj/energy.csv")
    try (try Data(contentsOf: table) + Data("x".utf8)).write(to: table)
    try FileManager.default.removeItem(atPath: "\(run)/units/layer-001-gate_proj")
    let outcome = try tool(["merge", "run"])
    #expect(outcome.status == 1)
    let shards = outcome.output.wholeMatch(of: /--array=(\d)[,-](\d)\n/)
    let first = try #require(shards).output.1
    #expect(
      outcome.errors
        == "Error: run: 2 of 9 shards are not done: \(outcome.output.dropLast()) (units/layer-000-up_proj/energy.csv is not as it was written, units/layer-001-gate_proj has no results); run them with sdmoe submit run, or by hand with sdmoe analyze --plan run --shard \(first)/9, and merge again\n"
    )
    #expect(!FileManager.default.fileExists(atPath: "\(run)/index.html"))
    // Whoever measures all mends both.
    #expect(try shard([]).status == 0)
    #expect(try tool(["merge", "run"]).status == 0)
    #expect(
      differences(try filesByPath(under: run), try Samples.reference.get().files) == [])
  }

  @Test("what was left out of a shard is told by merging, which ends with 1")
  func keepGoing() throws {
    let model = folder.path("model")
    try Samples.copy(of: Samples.tiny, to: model)
    let tensor = "model.layers.1.mlp.experts.3.up_proj.weight"
    _ = try Samples.poison(tensor, inCheckpointAt: model)
    try plan(2, of: "model")
    let statuses = try (0..<2).map { try shard(["--shard", "\($0)/2"]).status }
    #expect(statuses.sorted() == [0, 1])
    try plan(2, ["--keep-going"], of: "model")
    for task in 0..<2 { #expect(try shard(["--shard", "\(task)/2"]).status == 0) }
    let merged = try tool(["merge", "run"])
    #expect(merged.status == 1)
    #expect(merged.errors.contains("left out, and listed in tables/left_out.csv:\n- "))
    #expect(merged.errors.contains(tensor), "\(merged.errors)")
    let whole = try tool(["analyze", "model", "-o", "whole", "--quiet", "--keep-going"])
    #expect(whole.status == 1)
    #expect(
      differences(try filesByPath(under: run), try filesByPath(under: folder.path("whole"))) == [])
  }

  @Test("what may pass on another try ends with 75, what will not with 1")
  func exitCodes() throws {
    try plan(1)
    let full = try Tool.shell(
      "\"$SDMOE\" analyze --plan run --quiet --shard 0/1 > /dev/full", in: folder.path)
    #expect(full.status == 75)
    #expect(
      full.errors.hasPrefix("Error: standard output: cannot write: No space left on device"),
      "\(full.errors)")
    // The units are there all the same.
    #expect(try tool(["merge", "run", "--quiet"]).status == 0)
    #expect(try Tool.shell("\"$SDMOE\" merge run > /dev/full", in: folder.path).status == 75)
    let manifest = folder.path("run/manifest.json")
    try Data("{}".utf8).write(to: URL(filePath: manifest))
    #expect(try tool(["merge", "run"]).status == 1)
    #expect(try shard([]).status == 1)
  }

  // MARK: Submitting

  /// A stand-in for sbatch, which writes its words down and tells numbers from 100 on.
  private func fakeSlurm() throws -> [String: String] {
    try folder.write(
      """
      #!/bin/sh
      count=$(($(cat count 2>/dev/null || echo 99) + 1))
      echo $count > count
      for word in "$@"; do printf '%s\\n' "$word"; done > "job-$count"
      echo "$count;cluster"
      """, as: "bin/sbatch")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: folder.path("bin/sbatch"))
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return ["PATH": "\(folder.path("bin")):\(path)"]
  }

  private func job(_ number: Int) throws -> [String] {
    try String(contentsOfFile: folder.path("job-\(number)"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  @Test("an array is submitted, and the merge behind each of its tasks")
  func submitted() throws {
    let environment = try fakeSlurm()
    try plan(4)
    let lines = try tool(["submit", "run", "--", "--partition=a b", "-t", "5"])
    #expect(lines.status == 0)
    #expect(lines.errors == "4 of 4 shards are not done\n")
    let outcome = try tool(
      ["submit", "run", "--run", "--at-once", "2", "--", "--partition=a b", "-t", "5"], environment)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let program = try Tool.path.get()
    // The system's own folder for temporary files may be a link; paths are kept as they are.
    let path = URL(filePath: run).standardizedFileURL.path
    let array = try job(100)
    #expect(
      array.dropLast() == [
        "--partition=a b", "-t", "5", "--parsable", "--requeue", "--open-mode=append",
        "--array=0-3%2", "--output=\(path)/.sdmoe/logs/%A_%a.log",
      ])
    #expect(
      array.last
        == "--wrap=\(program) analyze --plan \(path) --quiet || { code=$?; if [ $code = 75 ] && [ \"${SLURM_RESTART_COUNT:-0}\" -lt 3 ]; then scontrol requeue \"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\"; fi; exit $code; }"
    )
    #expect(
      try job(101) == [
        "--partition=a b", "-t", "5", "--dependency=afterany:100_0:100_1:100_2:100_3",
        "--output=\(path)/.sdmoe/logs/merge-%j.log", "--wrap=\(program) merge \(path) --quiet",
      ])
    #expect(FileManager.default.fileExists(atPath: "\(path)/.sdmoe/logs"))
    // The lines that are told do the same.
    let told = try Tool.shell(lines.output, in: folder.path, environment: environment)
    #expect(told.status == 0, "\(told.errors)")
    #expect(try job(102).contains("--array=0-3"))
    #expect(try job(103).contains("--dependency=afterany:102_0:102_1:102_2:102_3"))
  }

  @Test("shards that are done are not submitted again, and many go into several arrays")
  func resubmitted() throws {
    let environment = try fakeSlurm()
    try plan(9)
    for task in [0, 4] { #expect(try shard(["--shard", "\(task)/9"]).status == 0) }
    let outcome = try tool(["submit", "run", "--run", "--array-size", "4"], environment)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors == "7 of 9 shards are not done\n")
    #expect(try job(100).contains("--array=1-3"))
    #expect(try job(101).contains("--array=1-3"))
    #expect(
      try job(101).last?.contains(" --quiet --shard $((SLURM_ARRAY_TASK_ID + 4))/9 || {") == true)
    #expect(try job(102).contains("--array=0"))
    #expect(
      try job(103).contains(
        "--dependency=afterany:100_1:100_2:100_3:101_1:101_2:101_3:102_0"))
    for task in [1, 2, 3, 5, 6, 7, 8] {
      #expect(try shard(["--shard", "\(task)/9"]).status == 0)
    }
    #expect(try tool(["submit", "run", "--run"], environment).status == 0)
    #expect(try job(104).allSatisfy { !$0.hasPrefix("--dependency") && !$0.hasPrefix("--array") })
  }

  @Test("where Slurm refuses, or is not there, submitting ends with 1")
  func refused() throws {
    try plan(2)
    let outcome = try tool(["submit", "run", "--run"], ["PATH": "/usr/bin-of-nothing:/bin"])
    // Where this machine has Slurm in /bin, there is no cluster.
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.hasSuffix(
        "Error: not all jobs were submitted; see what sbatch said, look for those that were with squeue, and run the same command again where Slurm's commands are\n"
      ), "\(outcome.errors)")
  }
}
