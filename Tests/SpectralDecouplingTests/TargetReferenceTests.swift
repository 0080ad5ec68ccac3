import Foundation
import SpectralDecoupling
import TestSupport
import Testing

/// Checks the choice of ranks against an exhaustive search in float64.
///
/// Made by `Fixtures/Generators/target_similarity.py`.
@Suite struct TargetReferenceTests {
  static let fixture = Fixture.url("qwen2-moe-tiny").path

  /// A layer and projection.
  struct Unit: Hashable {
    let layer: Int
    let projection: String
  }

  /// The mean similarity of every unit for the common ranks from 1 on.
  static func curves() throws -> [Unit: [Double]] {
    let url = Fixture.url("qwen2-moe-tiny/reference-convert/target_similarity.csv")
    let lines = try String(contentsOf: url, encoding: .utf8).split(whereSeparator: \.isNewline)
    var curves: [Unit: [Double]] = [:]
    for line in lines.dropFirst() {
      let fields = line.split(separator: ",").map(String.init)
      let layer = try #require(Int(fields[0]))
      curves[Unit(layer: layer, projection: fields[1]), default: []]
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
      let curve = try #require(curves[Unit(layer: unit.layer, projection: unit.projection)])
      let smallest = try #require(curve.firstIndex { $0 <= target }) + 1
      #expect(unit.commonRank == smallest, "layer \(unit.layer) \(unit.projection)")
      let after = try #require(unit.similarity).after
      // Single precision: 1e-7 over the gaps of the leading directions.
      #expect(abs(after - curve[smallest - 1]) <= 1e-4)
    }
  }

  @Test("A target below all of a curve names its lowest point", arguments: [110, 20, 1])
  func outOfReach(limit: Int) async throws {
    let curves = try Self.curves()
    let curve = try #require(curves[Unit(layer: 0, projection: "gate_proj")]).prefix(limit)
    let lowest = try #require(curve.min())
    let folder = try TemporaryFolder()
    var options = ConversionOptions()
    options.rank = .target(similarity: 0.1, limit: limit)
    do {
      try await convertCheckpoint(at: Self.fixture, to: folder.path("out"), options)
      Issue.record("a similarity of 0.1 was reached")
    } catch DecouplingError.targetOutOfReach(
      _, let layer, let projection, _, _, let best, let rank, _)
    {
      #expect((layer, projection) == (0, "gate_proj"))
      #expect(abs(best - lowest) <= 1e-4)
      let place = try #require(curve.indices.contains(rank - 1) ? rank - 1 : nil)
      #expect(abs(curve[place] - lowest) <= 1e-4)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }
}
