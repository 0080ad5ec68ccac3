import Checkpoints
import Findings
import Foundation
import SpectralAnalysis
import Synchronization
import TestSupport
import Testing
import Workers

/// Checks that a run folder depends on its input and options alone: not on workers, nor on
/// interruptions.
@Suite struct SameBytesTests {
  static let options = AnalysisOptions(fraction: 0.1)

  /// Two layers of five experts and a shared one: 6 units of 6 matrices.
  static let toy = ToyCheckpoint.gaussian(
    layers: 2, experts: 5, hidden: 24, width: 20, sharedWidth: 28, seed: 21)

  let checkpoint: TemporaryFolder

  init() throws {
    checkpoint = try Self.toy.written()
  }

  @Test("The same bytes for any number of workers")
  func widths() async throws {
    let first = try await files(width: 1)
    // 6 units with 7 tables each (energy, spectrum, similarity, summary, groups, redundant pairs,
    // floors), 4 of them with 3 more on the router, and each with the lists of its contents and of
    // what it was made from; 10 tables of the run; the manifest.
    let unitFiles = 6 * (7 + 2) + 4 * 3
    #expect(first.count == unitFiles + 10 + 1)
    for width in [2, 5, 64] {
      let other = try await files(width: width)
      expectSame(other, first, "width \(width)")
    }
  }

  @Test("The same bytes in another folder, from another form of the same tensors")
  func forms() async throws {
    let first = try await files(width: 2)
    let shards = try Self.toy.written(as: .shards(4))
    let out = try TemporaryFolder()
    try await analyse(shards.path, in: out.path, options: Self.options)
    var other = try filesByPath(under: out.path)
    // The manifest names the files' fingerprint, and each unit the plan, which depends on it.
    for name in other.keys where name == "manifest.json" || name.hasSuffix("/contents.txt") {
      other[name] = first[name]
    }
    expectSame(other, first, "shards")
  }

  @Test("A run without some of its units and tables becomes whole again")
  func resume() async throws {
    let expected = try await files(width: 2)
    let out = try TemporaryFolder()
    try await analyse(checkpoint.path, in: out.path, options: Self.options)
    for lost in [
      "units/layer-000-gate_proj", "units/layer-001-down_proj", "tables/energy.csv",
      "tables/floors.csv",
    ] {
      try FileManager.default.removeItem(atPath: out.path(lost))
    }
    let steps = Mutex<[WorkProgress]>([])
    try await analyse(checkpoint.path, in: out.path, options: Self.options) { step in
      steps.withLock { $0.append(step) }
    }
    expectSame(try filesByPath(under: out.path), expected, "resumed")
    // Only what was lost was measured again: two units of six matrices.
    let seen = steps.withLock { $0 }
    #expect(seen.first?.finishedUnits == 4)
    #expect(seen.last?.finishedUnits == 6)
    #expect(seen.last?.unitCount == 6)
    #expect(seen.last?.matrixCount == 12)
    #expect(seen.last?.finishedMatrices == 12)
  }

  @Test("A finished run measures nothing and changes nothing")
  func again() async throws {
    let out = try TemporaryFolder()
    try await analyse(checkpoint.path, in: out.path, options: Self.options)
    let before = try filesByPath(under: out.path)
    let measured = Mutex(0)
    try await analyse(checkpoint.path, in: out.path, options: Self.options) { step in
      measured.withLock { $0 = max($0, step.finishedMatrices) }
    }
    #expect(measured.withLock { $0 } == 0)
    expectSame(try filesByPath(under: out.path), before, "again")
  }

  @Test("A cancelled run keeps whole units, and resumes to the same bytes", arguments: [1, 2])
  func cancellation(width: Int) async throws {
    let expected = try await files(width: 2)
    let out = try TemporaryFolder()
    let path = checkpoint.path
    // In the middle of the third unit.
    await expectCancellation(at: { $0.finishedUnits == 2 && $0.finishedMatrices == 14 }) {
      try await analyse(path, in: out.path, options: Self.options, width: width, onProgress: $0)
    }
    let left = try filesByPath(under: out.path)
    #expect(left.keys.filter { $0.hasPrefix("units/layer-000-gate_proj/") }.count == 12)
    #expect(left.keys.filter { $0.hasPrefix("units/layer-000-up_proj/") }.count == 12)
    // Nothing of the unit that was under way, no table of the run, nothing temporary.
    #expect(left.count == 12 + 12 + 1)
    for (name, bytes) in left where name != "manifest.json" {
      #expect(expected[name] == bytes, "\(name)")
    }
    try await analyse(path, in: out.path, options: Self.options, width: width)
    expectSame(try filesByPath(under: out.path), expected, "after the cancellation")
  }

  @Test("Progress counts every unit, matrix and byte once")
  func progress() async throws {
    let out = try TemporaryFolder()
    let steps = Mutex<[WorkProgress]>([])
    try await analyse(checkpoint.path, in: out.path, options: Self.options) { step in
      steps.withLock { $0.append(step) }
    }
    let seen = steps.withLock { $0 }
    let last = try #require(seen.max { $0.finishedUnits < $1.finishedUnits })
    #expect(last.finishedUnits == 6)
    #expect(last.unitCount == 6)
    #expect(last.matrixCount == 36)
    #expect(last.finishedMatrices == 36)
    // F32: five experts of 20 x 24 and one of 28 x 24 in each unit.
    let elements = 5 * 20 * 24 + 28 * 24
    #expect(last.finishedBytes == 6 * 4 * elements)
    // One at the start, one for each matrix and unit.
    #expect(seen.count == 1 + 36 + 6)
  }

  private func files(width: Int) async throws -> [String: Data] {
    let out = try TemporaryFolder()
    try await analyse(checkpoint.path, in: out.path, options: Self.options, width: width)
    return try filesByPath(under: out.path)
  }
}
