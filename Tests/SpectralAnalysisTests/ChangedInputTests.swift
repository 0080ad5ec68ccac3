import Checkpoints
import Experts
import Files
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import Synchronization
import TestSupport
import Tensors
import Testing
import Workers

/// Checks that kept results count only while their input is what they were made from.
@Suite struct ChangedInputTests {
  static let options = AnalysisOptions(fraction: 0.1)

  /// Two layers of four experts: 6 units.
  static let toy = ToyCheckpoint.gaussian(layers: 2, experts: 4, hidden: 24, width: 20, seed: 61)

  let checkpoint: TemporaryFolder
  let out: TemporaryFolder

  init() throws {
    checkpoint = try Self.toy.written()
    out = try TemporaryFolder()
  }

  private var weights: String { checkpoint.path("model.safetensors") }

  /// Analyses, and tells which units were measured again.
  @discardableResult
  private func analyse(rechecks: Bool = false) async throws -> [String] {
    let changed = Mutex<[String]>([])
    let plan = try AnalysisPlan(
      for: AnalysisInputs(checkpoint: try Checkpoint(path: checkpoint.path)),
      options: Self.options, version: "test")
    _ = try await carryOut(
      plan, in: out.path, effort: AnalysisEffort(workers: 2, rechecks: rechecks),
      onChanged: { units in changed.withLock { $0 = units } })
    return changed.withLock { $0 }
  }

  /// Writes other numbers into a tensor, in place.
  private func replace(_ name: String, keepingTimes: Bool = false) throws {
    try replaceElements(of: name, in: weights, keepingTimes: keepingTimes)
  }

  /// What a fresh run of the checkpoint leaves.
  private func fresh() async throws -> [String: Data] {
    let folder = try TemporaryFolder()
    let plan = try AnalysisPlan(
      for: AnalysisInputs(checkpoint: try Checkpoint(path: checkpoint.path)),
      options: Self.options, version: "test")
    _ = try await carryOut(plan, in: folder.path, effort: AnalysisEffort(workers: 1))
    return try filesByPath(under: folder.path)
  }

  @Test(
    "An expert that was replaced in place: the new numbers, and its unit alone measured again",
    arguments: [false, true])
  func replacedExpert(keepingTimes: Bool) async throws {
    #expect(try await analyse() == [])
    let before = try filesByPath(under: out.path)
    try replace("model.layers.1.mlp.experts.2.up_proj.weight", keepingTimes: keepingTimes)
    #expect(try await analyse(rechecks: keepingTimes) == ["layer 1 up_proj"])
    let after = try filesByPath(under: out.path)
    #expect(after["tables/energy.csv"] != before["tables/energy.csv"])
    #expect(
      after["units/layer-001-gate_proj/energy.csv"]
        == before["units/layer-001-gate_proj/energy.csv"])
    let expected = try await fresh()
    #expect(after.keys.sorted() == expected.keys.sorted())
    for (name, data) in expected { #expect(after[name] == data, "\(name)") }
  }

  @Test("A router that was replaced touches the units that look at it")
  func replacedRouter() async throws {
    try await analyse()
    try replace("model.layers.0.mlp.gate.weight")
    #expect(try await analyse() == ["layer 0 gate_proj", "layer 0 up_proj"])
  }

  @Test("Files that were touched, copied or moved, but hold the same, are no reason to measure")
  func touched() async throws {
    try await analyse()
    let times = try unitTimes()
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: weights)
    #expect(try await analyse() == [])
    let data = try Data(contentsOf: URL(filePath: weights))
    try FileManager.default.removeItem(atPath: weights)
    try data.write(to: URL(filePath: weights))
    #expect(try await analyse() == [])
    #expect(try await analyse(rechecks: true) == [])
    #expect(try unitTimes() == times)
  }

  /// When each unit's folder was made.
  private func unitTimes() throws -> [String: Date] {
    let units = out.path("units")
    return Dictionary(
      uniqueKeysWithValues: try FileManager.default.contentsOfDirectory(atPath: units).map {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(units)/\($0)")
        return ($0, attributes[.modificationDate] as? Date ?? .distantPast)
      })
  }

  @Test("Where nothing is as it was, it is another checkpoint: refused, and the run stays")
  func anotherCheckpoint() async throws {
    try await analyse()
    let before = try filesByPath(under: out.path)
    let other = ToyCheckpoint.gaussian(layers: 2, experts: 4, hidden: 24, width: 20, seed: 62)
    try other.write(to: checkpoint)
    let error = await #expect(throws: FindingsError.self) { try await analyse() }
    #expect(
      error?.description.contains(
        "of another checkpoint: nothing that it was made from is as it was") == true)
    #expect(try filesByPath(under: out.path) == before)
  }

  @Test("A file that is replaced while a run goes on is no file that the run has read")
  func replacedMeanwhile() async throws {
    let path = weights
    let isReplaced = Mutex(false)
    let plan = try AnalysisPlan(
      for: AnalysisInputs(checkpoint: try Checkpoint(path: checkpoint.path)),
      options: Self.options, version: "test")
    // Another file of the same name, as a download that is finished gives.
    let other = ToyCheckpoint.gaussian(layers: 2, experts: 4, hidden: 24, width: 20, seed: 63)
    let elsewhere = try other.written()
    await #expect(throws: ChangedInputError(path: path)) {
      try await carryOut(
        plan, in: out.path, effort: AnalysisEffort(workers: 1),
        onProgress: { step in
          // Between two matrices of the second unit.
          let isFirst = isReplaced.withLock { isReplaced in
            defer { isReplaced = isReplaced || step.finishedMatrices == 6 }
            return !isReplaced && step.finishedMatrices == 6
          }
          guard isFirst else { return }
          try? FileManager.default.removeItem(atPath: path)
          try? FileManager.default.copyItem(
            atPath: elsewhere.path("model.safetensors"), toPath: path)
        })
    }
    let units = try FileManager.default.contentsOfDirectory(atPath: out.path("units"))
    #expect(units == ["layer-000-gate_proj"])
    // What was finished before is of the former file, and nothing of it is in this one.
    await #expect(throws: FindingsError.self) { try await analyse() }
  }

  @Test("Old tables and the old page do not stand where a run of changed weights fails")
  func failedRerun() async throws {
    try await analyse()
    try out.write("page", as: "index.html")
    // A matrix of zeros has no directions.
    var toy = Self.toy
    toy.plant(
      Matrix(rowCount: 20, columnCount: 24), as: "model.layers.1.mlp.experts.3.gate_proj.weight")
    try toy.write(to: checkpoint)
    await #expect(throws: (any Error).self) { try await analyse() }
    let names = try filesByPath(under: out.path).keys
    #expect(!names.contains { $0.hasPrefix("tables/") || $0 == "index.html" })
    #expect(names.contains("units/layer-000-up_proj/energy.csv"))
  }

  @Test("Two checkpoints at once in one folder: no result of one is shown as the other's")
  func twoCheckpoints() async throws {
    let other = ToyCheckpoint.gaussian(layers: 2, experts: 4, hidden: 24, width: 20, seed: 62)
    let elsewhere = try other.written()
    let path = out.path
    @Sendable func run(_ checkpoint: String) async -> (any Error)? {
      do {
        let plan = try AnalysisPlan(
          for: AnalysisInputs(checkpoint: try Checkpoint(path: checkpoint)),
          options: Self.options, version: "test")
        _ = try await carryOut(plan, in: path, effort: AnalysisEffort(workers: 1))
        return nil
      } catch { return error }
    }
    async let first = run(checkpoint.path)
    async let second = run(elsewhere.path)
    // Where one ends before the other begins, the other is refused.
    #expect(await [first, second].compactMap { $0 as? FindingsError }.count >= 1)
  }

  @Test("Results that were edited, to the same size, are measured again")
  func editedResults() async throws {
    try await analyse()
    let expected = try filesByPath(under: out.path)
    let path = out.path("units/layer-000-up_proj/energy.csv")
    var text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    let digit = try #require(text.lastIndex(of: "1"))
    text.replaceSubrange(digit...digit, with: "2")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try await analyse() == [])
    let after = try filesByPath(under: out.path)
    for (name, data) in expected { #expect(after[name] == data, "\(name)") }
  }

  @Test("Two analyses at once in one folder leave what one leaves", arguments: [1, 2, 3])
  func twoAtOnce(attempt: Int) async throws {
    async let first = analyse()
    async let second = analyse()
    #expect(try await first == [])
    #expect(try await second == [])
    let expected = try await fresh()
    let after = try filesByPath(under: out.path)
    #expect(after.keys.sorted() == expected.keys.sorted())
    for (name, data) in expected { #expect(after[name] == data, "\(name)") }
  }
}
