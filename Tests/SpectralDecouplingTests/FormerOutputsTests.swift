import Checkpoints
import Foundation
import SpectralDecoupling
import TestSupport
import Testing

/// Checks outputs of an earlier version, with certificate and bases beside the weights and the
/// model's own type in a factored config.json; Fixtures/Generators/former_outputs.py tells how they
/// were made.
@Suite struct FormerOutputsTests {
  private static let source = Fixture.url("former-outputs/checkpoint").path
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func copy(_ name: String) throws -> String {
    let path = folder.path(name)
    try FileManager.default.copyItem(
      atPath: Fixture.url("former-outputs/\(name)").path, toPath: path)
    return path
  }

  private func options(_ change: (inout ConversionOptions) -> Void = { _ in }) -> ConversionOptions
  {
    .basic(rank: 2) {
      $0.form = .merged
      change(&$0)
    }
  }

  @Test("They are verified, with and without their original", arguments: ["factored", "merged"])
  func verified(name: String) async throws {
    let output = try copy(name)
    for original in [nil, try Checkpoint(path: Self.source)] {
      let report = try await verify(output, against: original, workers: 1)
      #expect(report.failures == [])
      #expect(report.strangers == [])
      #expect(report.unitCount == 3)
    }
    // The bases were found: damage to them shows.
    let weights = name == "merged" ? "sdmoe-bases" : "sdmoe-factors-00001-of-00001"
    let url = URL(filePath: "\(output)/\(weights).safetensors")
    var data = try Data(contentsOf: url)
    data[data.count - 1] ^= 1
    try data.write(to: url)
    #expect(try await verify(output, workers: 1).failures.count == 1)
  }

  @Test("A factored one is read, and merged to its original")
  func merged() async throws {
    let factored = try copy("factored")
    let read = try Checkpoint(path: factored)
    #expect(read.modelType == "qwen3_moe" && read.form?.mode == .exact && read.problems.isEmpty)
    let output = folder.path("back")
    try await convertCheckpoint(at: factored, to: output, options())
    expectSameTensors(try storedTensors(in: output), try storedTensors(in: Self.source))
    let files = try filesByPath(under: output)
    #expect(files["config.json"] == (try filesByPath(under: Self.source))["config.json"])
    // What only sdmoe reads lies where it does now, and once.
    #expect(
      files.keys.filter { $0.contains("sdmoe") }.sorted() == [
        "sdmoe/bases.safetensors", "sdmoe/certificate.csv", "sdmoe/certificate.json",
      ])
  }

  @Test("They give way to --force alone, and nothing of them stays")
  func replaced() async throws {
    let output = try copy("merged")
    let strict = options { $0.mode = .strict }
    await #expect(throws: DecouplingError.outputExists(path: output)) {
      try await convertCheckpoint(at: Self.source, to: output, strict)
    }
    try await convertCheckpoint(at: Self.source, to: output, strict, replaces: true)
    #expect(
      try filesByPath(under: output).keys.sorted() == [
        "config.json", "model.safetensors", "model.safetensors.index.json",
        "sdmoe/bases.safetensors", "sdmoe/certificate.csv", "sdmoe/certificate.json",
      ])
  }
}
