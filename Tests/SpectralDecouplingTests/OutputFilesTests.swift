import Checkpoints
import Foundation
import HDF5Files
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks which files an output has.
@Suite struct OutputFilesTests {
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
      let report = try await verify(merged, against: Checkpoint(path: small.output), width: 2)
      #expect(report.failures == [])
    }
  }

  private func five(_ files: [WeightFileBytes], _ start: String) -> String {
    let count = String(files.count { $0.name.hasPrefix(start) })
    return String(repeating: "0", count: 5 - count.count) + count
  }

  @Test("Files and folders are carried byte for byte; other weights stay behind and are listed")
  func carried() async throws {
    let input = try Self.toy.written()
    let carried = [
      "tokenizer.json": "{\"a\": \"\u{e9}\"}\r\n", "README.md": "", "docs/a/b.txt": "text",
      "modeling_x.py": "pass\n", "training_args.bin": "arguments", ".gitattributes": "*.bin lfs",
    ]
    for (name, text) in carried { try input.write(text, as: name) }
    let foreign = [
      "pytorch_model.bin", "pytorch_model.bin.index.json", "quantised.gguf", "old/weights.pt",
    ]
    for name in foreign { try input.write("weights", as: name) }
    try input.write("secret", as: ".git/config")
    let before = try filesByPath(under: input.path)
    let made = try await ToyConversion(input: input, .basic(rank: 4))
    let output = try filesByPath(under: made.output)
    for (name, text) in carried { #expect(output[name] == Data(text.utf8), "\(name)") }
    for name in foreign + [".git/config"] { #expect(output[name] == nil, "\(name)") }
    #expect(made.summary.leftBehind.sorted() == (foreign + [".git"]).sorted())
    try await made.expectSound()
    // The input is as it was.
    #expect(try filesByPath(under: input.path) == before)
    // The next conversion carries them on, but not the certificate of this one.
    let merged = try filesByPath(under: try await made.merged())
    for (name, text) in carried { #expect(merged[name] == Data(text.utf8), "\(name)") }
    #expect(merged["config.json"] == before["config.json"])
  }

  @Test("HDF5 is read, and safetensors written with the same values")
  func hdf5() async throws {
    var toy = Self.toy
    // HDF5 has no type for these.
    toy["model.scales"] = nil
    toy.tensors = toy.tensors.map { tensor in
      tensor.description.elementType == .bf16
        ? ToyTensor(tensor.name, .f32, tensor.description.shape, seed: 3) : tensor
    }
    let options = ConversionOptions.basic(rank: 4)
    let fromHDF5 = try await ToyConversion(of: toy, options, as: .hdf5(.dotted))
    let plain = try await ToyConversion(of: toy, options)
    expectSameTensors(
      try storedTensors(in: fromHDF5.output), try storedTensors(in: plain.output))
    let files = try FileManager.default.contentsOfDirectory(atPath: fromHDF5.output)
    #expect(!files.contains { $0.hasSuffix(".h5") })
    try await fromHDF5.expectSound()
    expectSameTensors(
      try storedTensors(in: try await fromHDF5.merged()), toy.stored)
  }

  @Test("The summary and the plan tell the sizes")
  func sizes() async throws {
    let made = try await ToyConversion(of: Self.toy, .basic(rank: 4))
    let files = try WeightFileBytes.files(in: made.output).map {
      try Data(contentsOf: URL(filePath: "\(made.output)/\($0.name)")).count
    }
    #expect(made.summary.bytesAfter == files.reduce(0, +))
    #expect(made.summary.bytesBefore == (try Checkpoint(path: made.input.path)).byteCount)
    let plan = try ConversionPlan(
      for: Checkpoint(path: made.input.path), options: made.options, version: "test")
    let all = try filesByPath(under: made.output).values.reduce(0) { $0 + $1.count }
    // Headers, the certificate and corrections come on top.
    #expect(plan.predictedByteCount <= all)
    #expect(plan.predictedByteCount > all / 2)
  }
}
