import Experts
import Files
import Findings
import Foundation
public import LinearAlgebra

/// How the units of a run are divided among machines, and what all of them have to do alike: the file
/// `.sdmoe/plan.json` in the run folder.
///
/// It is no result, and all that it tells may be planned anew. It names the input by its paths, which
/// have to be the same on every machine.
public struct ShardPlan: Codable, Equatable, Sendable {
  /// The version of sdmoe that planned.
  public let version: String
  /// The checkpoint that was planned with, as `RunManifest.Checkpoint.fingerprint`.
  public let fingerprint: String
  /// The words of `sdmoe analyze` that say what is analysed and measured, the checkpoint first.
  public let arguments: [String]
  /// The kernels that every machine works with.
  public let kernels: LibraryKernels
  /// The names of the folders of each shard's units.
  public let shards: [[String]]

  /// Divides a run.
  ///
  /// - Parameters:
  ///   - plan: What will be done.
  ///   - arguments: The words that say so, with absolute paths.
  ///   - kernels: The kernels to work with.
  ///   - count: How many shards; from 1 to the number of units.
  /// - Precondition: As for ``AnalysisPlan/shards(count:)``.
  public init(
    of plan: AnalysisPlan, arguments: [String], kernels: LibraryKernels, count: Int
  ) {
    version = plan.manifest.version
    fingerprint = plan.manifest.checkpoint.fingerprint
    self.arguments = arguments
    self.kernels = kernels
    shards = plan.shards(count: count)
  }

  // MARK: In the run folder

  private static func path(in run: String) -> String { "\(run)/.sdmoe/plan.json" }

  /// Writes the plan into a run folder that is there, in the place of a former one.
  ///
  /// - Throws: `FindingsError.fileSystem(path:doing:reason:)`
  public func write(toRunAt run: String) throws {
    let folder = "\(run)/.sdmoe"
    do {
      try makeFolder(at: folder)
    } catch {
      throw FindingsError.fileSystem(path: folder, doing: "make this folder", reason: error.reason)
    }
    try WholeFile.write(try SealedPlan(self).text, to: Self.path(in: run))
  }

  /// Reads the plan of a run.
  ///
  /// - Parameters:
  ///   - run: The run folder.
  ///   - version: The version of sdmoe that reads it.
  /// - Throws: ``AnalysisError/noShardPlan(path:)``, ``AnalysisError/damagedShardPlan(path:)`` and
  ///   ``AnalysisError/plannedByOther(path:version:here:)``; `FindingsError.noRun(path:reason:)`.
  public init(ofRunAt run: String, version: String) throws {
    let manifest = try RunFolder.manifest(ofRunAt: run)
    guard let data = FileManager.default.contents(atPath: Self.path(in: run)) else {
      throw AnalysisError.noShardPlan(path: run)
    }
    guard let sealed = try? JSONDecoder().decode(SealedPlan.self, from: data),
      sealed.isAsWritten, let checkpoint = sealed.plan.arguments.first, !checkpoint.isEmpty
    else { throw AnalysisError.damagedShardPlan(path: run) }
    guard sealed.plan.version == version else {
      throw AnalysisError.plannedByOther(path: run, version: sealed.plan.version, here: version)
    }
    // The manifest of another run was put here, or that of this one written anew.
    guard sealed.plan.shards.joined().sorted() == manifest.units.map(\.key.folderName).sorted()
    else { throw AnalysisError.damagedShardPlan(path: run) }
    self = sealed.plan
  }

  // MARK: Shards

  /// What keeps shards from being done, by their numbers, in a few words for each unit.
  ///
  /// - Parameter lacking: What keeps units from being whole, as
  ///   `RunFolder.lackingUnits(ofRunAt:comparesDigests:)` tells it.
  /// - Returns: The shards that are not done, ascending.
  public func unfinishedShards(lacking: [String: String]) -> [(shard: Int, reasons: [String])] {
    shards.enumerated().compactMap { shard, units in
      let reasons = units.compactMap { lacking[$0] }
      return reasons.isEmpty ? nil : (shard, reasons)
    }
  }
}

/// A plan as its file holds it: with a digest of its own words.
private struct SealedPlan: Codable {
  let plan: ShardPlan
  private let seal: String

  init(_ plan: ShardPlan) throws {
    self.plan = plan
    seal = try Self.digest(of: plan)
  }

  var isAsWritten: Bool { (try? Self.digest(of: plan)) == seal }

  var text: String { get throws { try Self.text(of: self) } }

  private static func digest(of plan: ShardPlan) throws -> String {
    sha256(of: Array(try text(of: plan).utf8))
  }

  private static func text(of value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
  }
}
