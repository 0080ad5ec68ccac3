import Checkpoints
import Experts
import Foundation
import LinearAlgebra
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks the choice of ranks, of planted experts and against an exhaustive search in float64.
///
/// That was made by `Fixtures/Generators/target_similarity.py`.
@Suite struct RankSearchTests {
  static let fixture = Fixture.url("qwen2-moe-tiny").path

  /// The mean similarity of every unit for the common ranks from 1 on.
  static func curves() throws -> [UnitKey: [Double]] {
    let url = Fixture.url("qwen2-moe-tiny/reference-convert/target_similarity.csv")
    let lines = try String(contentsOf: url, encoding: .utf8).split(whereSeparator: \.isNewline)
    var curves: [UnitKey: [Double]] = [:]
    for line in lines.dropFirst() {
      let fields = line.split(separator: ",").map(String.init)
      let layer = try #require(Int(fields[0]))
      let projection = try #require(Projection(rawValue: fields[1]))
      curves[UnitKey(layer: layer, projection: projection), default: []]
        .append(try #require(Double(fields[3])))
    }
    return curves
  }

  @Test("Every unit gets the smallest rank that reaches the target", arguments: [0.2, 0.3])
  func reached(target: Double) async throws {
    let curves = try Self.curves()
    let folder = try TemporaryFolder()
    var options = ConversionOptions()
    options.rank = .target(similarity: target, limit: 110)
    let summary = try await convertCheckpoint(
      at: Self.fixture, to: folder.path("out"), options)
    #expect(summary.units.count == 9)
    for unit in summary.units {
      let curve = try #require(curves[UnitKey(layer: unit.layer, projection: unit.projection)])
      let smallest = try #require(curve.firstIndex { $0 <= target }) + 1
      #expect(unit.commonRank == smallest, "layer \(unit.layer) \(unit.projection.rawValue)")
      let after = try #require(unit.similarity).after
      // Single precision: 1e-7 over the gaps of the leading directions.
      #expect(abs(after - curve[smallest - 1]) <= 1e-4)
    }
  }

  @Test("A target below all of a curve names its lowest point", arguments: [110, 20, 1])
  func outOfReach(limit: Int) async throws {
    let curves = try Self.curves()
    let curve = try #require(curves[UnitKey(layer: 0, projection: .gate)]).prefix(limit)
    let lowest = try #require(curve.min())
    let folder = try TemporaryFolder()
    var options = ConversionOptions()
    options.rank = .target(similarity: 0.1, limit: limit)
    do {
      try await convertCheckpoint(at: Self.fixture, to: folder.path("out"), options)
      Issue.record("a similarity of 0.1 was reached")
    } catch DecouplingError.targetOutOfReach(
      _, let unit, _, _, let best, let rank, _)
    {
      #expect(unit == UnitKey(layer: 0, projection: .gate))
      #expect(abs(best - lowest) <= 1e-4)
      let place = try #require(curve.indices.contains(rank - 1) ? rank - 1 : nil)
      #expect(abs(curve[place] - lowest) <= 1e-4)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  let bench: RefusalBench

  init() throws { bench = try RefusalBench() }

  @Test("A target out of reach names the nearest")
  func target() async throws {
    var options = ConversionOptions()
    options.rank = .target(similarity: 0, limit: 5)
    do {
      try await convertCheckpoint(at: bench.input.path, to: bench.folder.path("out"), options)
      Issue.record("a similarity of 0 was reached")
    } catch DecouplingError.targetOutOfReach(
      let path, let unit, let target, let limit, let best, let rank, let floor)
    {
      #expect(path == bench.input.path)
      #expect(unit == UnitKey(layer: 0, projection: .gate))
      #expect(target == 0)
      #expect(limit == 5)
      #expect((1...5).contains(rank))
      #expect(best > 0 && best < 1)
      // One direction of R^n against another: sqrt(2 / (pi n)), near enough.
      #expect(abs(floor - (2 / (Double.pi * Double(24 - rank))).squareRoot()) <= 0.02)
    }
  }

  @Test("What a target out of reach leaves undone is removed, and what is not its own stays")
  func targetLeavesNothing() async throws {
    // The third unit alone cannot reach it: two are finished by then.
    var toy = RefusalBench.toy
    let shared = Matrix<Double>.normal(24, 20, seed: 70)
    toy.plant((0..<3).map { _ in shared }, as: .down)
    let alike = try toy.written()
    var options = ConversionOptions()
    options.rank = .target(similarity: 0.9, limit: 5)
    let out = bench.folder.path("out")
    await #expect {
      try await convertCheckpoint(at: alike.path, to: out, options)
    } throws: { error in
      guard case DecouplingError.targetOutOfReach(_, let unit, _, _, _, _, _) = error,
        unit == UnitKey(layer: 0, projection: .down)
      else { return false }
      return true
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: bench.folder.path).isEmpty)
    // A file of somebody else in the folder of an earlier run keeps that folder, but no weights.
    let plan = try ConversionPlan(
      for: Checkpoint(path: alike.path), options: options, version: "test")
    let partial = "\(out).sdmoe-partial"
    await #expect(throws: DecouplingError.self) {
      try await convert(plan, to: out, workers: 2) { _ in
        try? Data("mine".utf8).write(to: URL(filePath: "\(partial)/mine.txt"))
      }
    }
    let rest = try filesByPath(under: partial)
    #expect(rest.keys.sorted() == ["conversion", "mine.txt"])
    #expect(rest["mine.txt"] == Data("mine".utf8))
  }

  @Test("A target that can be reached gets the smallest rank that reaches it")
  func targetReached() async throws {
    // Two directions that all experts share, one of them far stronger than the other.
    var toy = RefusalBench.toy
    let own = (0..<3).map { Matrix<Double>.normal(20, 24, scale: 0.1, seed: 50 + UInt64($0)) }
    let left = Matrix<Double>.normal(20, 2, seed: 60)
    var right = Matrix<Double>.normal(2, 24, seed: 61)
    for column in 0..<24 { right[1, column] *= 0.5 }
    let shared = product(left, right)
    for projection in [Projection.gate, .up] {
      toy.plant(own.map { $0 + shared }, as: projection)
    }
    toy.plant(own.map { ($0 + shared).transposed() }, as: .down)
    let planted = try toy.written()
    var options = ConversionOptions()
    options.rank = .target(similarity: 0.7, limit: 8)
    let summary = try await convertCheckpoint(
      at: planted.path, to: bench.folder.path("target"), options)
    for unit in summary.units {
      #expect(unit.commonRank == 2)
      let similarity = try #require(unit.similarity)
      #expect(similarity.before > 0.9)
      #expect(similarity.after <= 0.7)
    }
    // One direction less does not reach it.
    options.rank = .fixed(1)
    let less = try await convertCheckpoint(at: planted.path, to: bench.folder.path("one"), options)
    for unit in less.units { #expect(try #require(unit.similarity).after > 0.7) }
  }
}
