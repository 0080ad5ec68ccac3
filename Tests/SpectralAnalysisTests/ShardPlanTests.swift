import Checkpoints
import Experts
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Testing

/// Checks how a run is divided into shards, and what it becomes when they are measured one by one.
@Suite struct ShardPlanTests {
  /// Two layers of five experts and a shared one: 6 units.
  static let toy = ToyCheckpoint.gaussian(
    layers: 2, experts: 5, hidden: 24, width: 20, sharedWidth: 28, seed: 31)
  static let options = AnalysisOptions(fraction: 0.1)
  static let kernels = LibraryKernels(
    library: "OpenBLAS 1", core: "Old", instructions: .portable)

  let checkpoint: TemporaryFolder
  let out: TemporaryFolder
  private var run: String { out.path("run") }

  init() throws {
    checkpoint = try Self.toy.written()
    out = try TemporaryFolder()
  }

  func plan() throws -> AnalysisPlan {
    try AnalysisPlan(
      for: AnalysisInputs(checkpoint: try Checkpoint(path: checkpoint.path)),
      options: Self.options, version: "test")
  }

  /// Divides the run, as `sdmoe plan` does.
  func divided(_ count: Int) throws -> ShardPlan {
    let plan = try plan()
    let shards = ShardPlan(
      of: plan, arguments: [checkpoint.path, "--fraction", "0.1"], kernels: Self.kernels,
      count: count)
    try shards.write(toRunAt: try RunFolder(path: run, for: plan.manifest).path)
    return shards
  }

  @discardableResult
  func measure(_ shard: [String]) async throws -> RunFolder {
    try await measureUnits(
      of: try plan().part(of: Set(shard)), in: run, effort: AnalysisEffort(workers: 2),
      isOfShard: true)
  }

  // MARK: Dividing

  @Test("every unit is in one shard, none is empty, and costs are even", arguments: 1...6)
  func shards(count: Int) throws {
    let plan = try plan()
    let shards = plan.shards(count: count)
    #expect(shards.count == count)
    #expect(shards.joined().sorted() == plan.manifest.units.map(\.key.folderName).sorted())
    #expect(shards.allSatisfy { !$0.isEmpty })
    #expect(shards == (try self.plan().shards(count: count)))
    // All units have matrices of the same sizes.
    let even = Double(6) / Double(count) / (Double(6) / Double(count)).rounded(.up)
    #expect(abs(plan.balance(of: shards) - even) < 1e-12)
  }

  @Test("a unit of all directions costs more than one of the leading ones")
  func costs() throws {
    let plan = try AnalysisPlan(
      for: AnalysisInputs(checkpoint: try Checkpoint(path: checkpoint.path)),
      options: AnalysisOptions(analyses: [.energy, .bands], fraction: 0.1), version: "test")
    #expect(plan.balance(of: plan.shards(count: 6)) == 1)
    // A shard of two units costs twice as much as one of one.
    let names = plan.manifest.units.map(\.key.folderName)
    #expect(abs(plan.balance(of: [Array(names[0...1]), [names[2]]]) - 0.75) < 1e-12)
  }

  // MARK: In the run folder

  @Test("a plan is read as it was written, and may be written anew")
  func roundTrip() throws {
    let first = try divided(3)
    #expect(try ShardPlan(ofRunAt: run, version: "test") == first)
    #expect(first.fingerprint == (try Checkpoint(path: checkpoint.path).fingerprint()))
    let second = try divided(4)
    #expect(try ShardPlan(ofRunAt: run, version: "test") == second)
    #expect(second.shards.count == 4)
  }

  func refusal(version: String = "test") -> String? {
    #expect(throws: AnalysisError.self) { try ShardPlan(ofRunAt: run, version: version) }?
      .description
  }

  @Test("a plan that is missing, damaged, edited, of another run or version is refused")
  func refusals() async throws {
    #expect(throws: FindingsError.noRun(path: run, reason: "no such folder")) {
      try ShardPlan(ofRunAt: run, version: "test")
    }
    _ = try divided(3)
    #expect(
      refusal(version: "2")
        == "\(run): was planned by version test, and this is 2; use one version on all machines, or plan into a new folder"
    )
    let file = URL(filePath: "\(run)/.sdmoe/plan.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    let damaged =
      "\(run): its .sdmoe/plan.json was edited or is damaged, or is of another run; plan again with sdmoe plan, which keeps finished units"
    for wrong in [
      text.replacing("layer-000-gate_proj", with: "layer-000-up_proj"),
      text.replacing("\"0.1\"", with: "\"0.2\""), text.replacing("Old", with: "New"),
      String(text.prefix(200)), "",
    ] {
      try Data(wrong.utf8).write(to: file)
      #expect(refusal() == damaged)
    }
    try FileManager.default.removeItem(at: file)
    #expect(
      refusal()
        == "\(run): is not planned in shards; plan it with: sdmoe plan <checkpoint> -o \(run) --shards <count>"
    )
    // The plan of a run of other layers.
    var options = Self.options
    options.layers = [0]
    let other = out.path("other")
    try await analyse(checkpoint.path, in: other, options: options)
    try Data(text.utf8).write(to: URL(filePath: "\(other)/.sdmoe/plan.json"))
    #expect(throws: AnalysisError.damagedShardPlan(path: other)) {
      try ShardPlan(ofRunAt: other, version: "test")
    }
  }

  // MARK: Measuring

  @Test("shards in any order, and twice at once, make the bytes of one run", arguments: [1, 3, 6])
  func sameBytes(count: Int) async throws {
    try await analyse(checkpoint.path, in: out.path("whole"), options: Self.options)
    let shards = try divided(count).shards
    for shard in shards.reversed() {
      async let first = measure(shard)
      async let second = measure(shard)
      _ = try await (first, second)
    }
    #expect(!FileManager.default.fileExists(atPath: "\(run)/tables/energy.csv"))
    #expect(try RunFolder.lackingUnits(ofRunAt: run, comparesDigests: true).isEmpty)
    var folder = try RunFolder(finishedAt: run, forWriting: true)
    try gatherResults(in: &folder)
    expectSame(
      try filesByPath(under: run), try filesByPath(under: out.path("whole")), "\(count) shards")
  }

  @Test("a shard measures its units alone, and once")
  func alone() async throws {
    let shards = try divided(3).shards
    let folder = try await measure(shards[1])
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(run)/units")
    #expect(names.sorted() == shards[1].sorted())
    #expect(folder.manifest.units.count == 6)
    let before = try filesByPath(under: run)
    try await measure(shards[1])
    expectSame(try filesByPath(under: run), before, "again")
  }

  @Test("shards whose units are missing, damaged or of another run are told")
  func lacking() async throws {
    let plan = try divided(3)
    func told() throws -> [Int: [String]] {
      let lacking = try RunFolder.lackingUnits(ofRunAt: run, comparesDigests: true)
      return Dictionary(
        uniqueKeysWithValues: plan.unfinishedShards(lacking: lacking).map { ($0.shard, $0.reasons) }
      )
    }
    #expect(try told().keys.sorted() == [0, 1, 2])
    for shard in plan.shards { try await measure(shard) }
    #expect(try told() == [:])
    let (lost, damaged) = (plan.shards[0][1], plan.shards[2][0])
    try FileManager.default.removeItem(atPath: "\(run)/units/\(lost)")
    let table = "\(run)/units/\(damaged)/energy.csv"
    var bytes = try Data(contentsOf: URL(filePath: table))
    bytes[bytes.count - 2] ^= 1
    try bytes.write(to: URL(filePath: table))
    #expect(
      try told()
        == [
          0: ["units/\(lost) has no results"],
          2: ["units/\(damaged)/energy.csv is not as it was written"],
        ])
    // The shard's next attempt mends both.
    try await measure(plan.shards[0])
    try await measure(plan.shards[2])
    #expect(try told() == [:])
  }

  @Test("an error that names shards says how to run them")
  func unfinished() {
    let error = AnalysisError.unfinishedShards(
      path: "RUN", count: 9, shards: [1, 4, 5, 6], reasons: ["a", "b", "c", "d"])
    #expect(
      error.description
        == "RUN: 4 of 9 shards are not done: --array=1,4-6 (a, b, c, ...); run them with sdmoe submit RUN, or by hand with sdmoe analyze --plan RUN --shard 1/9, and merge again"
    )
  }
}
