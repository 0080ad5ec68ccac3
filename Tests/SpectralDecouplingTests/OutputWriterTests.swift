import Checkpoints
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks the files of weights that an output has, and their index.
@Suite struct OutputWriterTests {
  static let toy = ToyCheckpoint.normal(layers: 2, experts: 3, hidden: 24, width: 20)

  @Test(
    "Small files of weights, from one or several, hold the same tensors, and merge to the same bits",
    arguments: [1, 3])
  func shards(count: Int) async throws {
    let form = count == 1 ? ToyCheckpoint.Form.single : .shards(count)
    let whole = try await ToyConversion(of: Self.toy, .basic(rank: 4), as: form)
    let limit = 6000
    let small = try await ToyConversion(
      of: Self.toy, .basic(rank: 4) { $0.shardByteCount = limit }, as: form)
    let tensors = try storedTensors(in: small.output)
    expectSameTensors(tensors, try storedTensors(in: whole.output))
    let files = try WeightFileBytes.files(in: small.output)
    #expect(files.count > 8)
    #expect(files.contains { $0.name == "model-00002-of-\(five(files, "model-")).safetensors" })
    #expect(files.contains { $0.name.hasPrefix("sdmoe-factors-00002-of-") })
    for file in files {
      let bytes = file.places.values.reduce(0) { $0 + $1.count }
      #expect(bytes <= limit || file.places.count == 1)
    }
    // The index names every tensor and its file.
    let data = try Data(
      contentsOf: URL(filePath: "\(small.output)/model.safetensors.index.json"))
    let index = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let map = try #require(index["weight_map"] as? [String: String])
    #expect(map.count == tensors.count)
    for file in files { for name in file.places.keys { #expect(map[name] == file.name) } }
    let total = (index["metadata"] as? [String: Any])?["total_size"] as? Int
    #expect(total == tensors.values.reduce(0) { $0 + $1.bytes.count })
    try await small.expectSound()

    // Merged again, in small files too.
    for limit in [limit, 5_000_000] {
      var options = ConversionOptions()
      options.form = .merged
      options.shardByteCount = limit
      let merged = small.folder.path("merged-\(limit)")
      try await convertCheckpoint(at: small.output, to: merged, options)
      expectSameTensors(try storedTensors(in: merged), Self.toy.stored)
      let names = try WeightFileBytes.files(in: merged).map(\.name)
      #expect(names.contains("model.safetensors") == (limit > 6000))
      let report = try await verify(merged, against: Checkpoint(path: small.output), workers: 2)
      #expect(report.failures == [])
    }
  }

  @Test(
    "The index names the files of weights and no other lies beside them, so that all who take every file take the model",
    arguments: [ConversionOptions.Form.factored, .merged], [6000, 5_000_000])
  func weightsAlone(form: ConversionOptions.Form, limit: Int) async throws {
    let made = try await ToyConversion(
      of: Self.toy,
      .basic(rank: 4) {
        $0.form = form
        $0.mode = .strict
        $0.shardByteCount = limit
      })
    let data = try Data(contentsOf: URL(filePath: "\(made.output)/model.safetensors.index.json"))
    let index = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let map = try #require(index["weight_map"] as? [String: String])
    var found: [String: String] = [:]
    for file in try WeightFileBytes.files(in: made.output) {
      for name in file.places.keys { found[name] = file.name }
    }
    #expect(map == found)
    let bases = try WeightFileBytes.files(in: "\(made.output)/sdmoe").flatMap(\.places.keys)
    #expect(bases.isEmpty == (form == .factored))
    #expect(Set(bases).isDisjoint(with: map.keys))
    if form == .merged { #expect(Set(map.keys) == Set(Self.toy.stored.keys)) }
    try await made.expectSound()
  }

  private func five(_ files: [WeightFileBytes], _ start: String) -> String {
    let count = String(files.count { $0.name.hasPrefix(start) })
    return String(repeating: "0", count: 5 - count.count) + count
  }
}
