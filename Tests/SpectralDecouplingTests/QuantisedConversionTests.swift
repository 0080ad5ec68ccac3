import Checkpoints
import Experts
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks conversions of quantised checkpoints: nothing of the output is packed, and it holds the
/// numbers that the packed ones stand for.
@Suite struct QuantisedConversionTests {
  static let folder = "deepseek_v3_fp8/hub"

  /// The plain checkpoint that a quantised one in FP8 stands for, by the definition of the format:
  /// every number times the scale of its block, rounded to BF16.
  private func plain(_ source: [String: StoredTensor], block: Int) -> [String: StoredTensor] {
    var plain: [String: StoredTensor] = [:]
    for (name, tensor) in source where !name.hasSuffix("_scale_inv") {
      guard tensor.type == .f8E4M3, let scales = source["\(name)_scale_inv"]?.values else {
        plain[name] = tensor
        continue
      }
      let across = (tensor.shape[1] + block - 1) / block
      let bytes = tensor.bytes.enumerated().flatMap { place, byte -> [UInt8] in
        let (row, column) = (place / tensor.shape[1], place % tensor.shape[1])
        let scale = Float(scales[row / block * across + column / block])
        let bits = (float8(byte) * scale).bitPattern
        let rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16
        return [UInt8(truncatingIfNeeded: rounded), UInt8(truncatingIfNeeded: rounded >> 8)]
      }
      plain[name] = StoredTensor(type: .bf16, shape: tensor.shape, bytes: bytes)
    }
    return plain
  }

  /// One sign, four bits of exponent with bias 7, three of mantissa.
  private func float8(_ byte: UInt8) -> Float {
    let (exponent, mantissa) = (Int(byte >> 3 & 15), Float(byte & 7))
    let magnitude =
      exponent == 0
      ? mantissa * 0x1p-9
      : (8 + mantissa) * Float(sign: .plus, exponent: exponent - 10, significand: 1)
    return byte >= 128 ? -magnitude : magnitude
  }

  @Test("merged, an FP8 checkpoint is its plain twin, whichever layers are converted")
  func float8Merged() async throws {
    let made = try FamilyConversion(of: Self.folder)
    let expected = plain(try storedTensors(in: made.source), block: 16)
    #expect(expected.count < (try storedTensors(in: made.source)).count)
    let out = try await made.convert(to: "out", FamilyConversion.options(.merged))
    expectSameTensors(try storedTensors(in: out), expected)
    #expect(try await made.failures(of: "out") == [])
    try await made.convert(to: "parts", FamilyConversion.options(.factored))
    #expect(try await made.failures(of: "parts") == [])
    let merged = try await made.convert("parts", to: "merged", FamilyConversion.options(.merged))
    expectSameTensors(try storedTensors(in: merged), expected)
    #expect(try await made.failures(of: "merged", madeOf: "parts") == [])
    #expect(try made.config(of: merged) == made.config(of: out))
  }

  @Test(
    "every format comes back plain, stacked or not, whichever layers are converted",
    arguments: ["gpt_oss_mxfp4/hub", "deepseek_v3_ct_int4/hub", "deepseek_v3_fp8/hub"])
  func formats(folder: String) async throws {
    let made = try FamilyConversion(of: folder)
    let checkpoint = try Checkpoint(path: made.source)
    let out = try await made.convert(to: "out", FamilyConversion.options(.merged))
    let found = try storedTensors(in: out)
    #expect(found.values.allSatisfy { $0.type == .bf16 })
    #expect(try await made.failures(of: "out") == [])
    let plain = try Checkpoint(path: out)
    #expect(plain.problems.isEmpty)
    #expect(!plain.isQuantised)
    // Experts hold the numbers that are read from packed ones.
    var reader = WeightReader()
    for (before, after) in zip(checkpoint.layers, plain.layers) {
      for projection in Projection.allCases {
        let pairs = zip(before.experts[projection] ?? [], after.experts[projection] ?? [])
        for (before, after) in pairs {
          try reader.read(before.get())
          let expected = reader.matrix
          try reader.read(after.get())
          #expect(reader.matrix.elements == expected.elements)
        }
      }
    }
    let layer = try #require(checkpoint.layers.last?.index)
    for form in [ConversionOptions.Form.merged, .factored] {
      let some = try await made.convert(
        to: "some-\(form)", FamilyConversion.options(form) { $0.layers = [layer] })
      #expect(try await made.failures(of: "some-\(form)") == [])
      #expect(try Checkpoint(path: some).isQuantised == false)
    }
    expectSameTensors(try storedTensors(in: made.folder.path("some-merged")), found)
    let parts = try await made.convert(to: "parts", FamilyConversion.options(.factored))
    #expect(try await made.failures(of: "parts") == [])
    for source in ["parts", "some-factored"] {
      let merged = try await made.convert(
        source, to: "merged-\(source)", FamilyConversion.options(.merged))
      expectSameTensors(try storedTensors(in: merged), found)
      #expect(try made.config(of: merged) == made.config(of: out))
    }
    #expect(try Checkpoint(path: parts).form?.isStacked == folder.hasPrefix("gpt_oss"))
  }

  @Test("a matrix beside the experts is decoded, though its tensors alone tell its size")
  func other() async throws {
    var toy = ToyCheckpoint.normal(experts: 3, hidden: 24, width: 20)
    toy["model.scales"] = nil
    toy.config["quantization_config"] = [
      "quant_method": "gptq", "bits": 4, "group_size": 24, "desc_act": false,
    ]
    let start = "model.layers.0.self_attn.q_proj"
    // 16 x 24: integers of four bits down the inputs, element (output, input) being
    // (output + input) % 16; zero points of 6, stored as 5; scales of a quarter.
    var words: [UInt32] = []
    for word in 0..<3 {
      for output in 0..<16 {
        var bits: UInt32 = 0
        for place in 0..<8 {
          bits |= UInt32((output + 8 * word + place) % 16) << UInt32(4 * place)
        }
        words.append(bits)
      }
    }
    func bytes(_ words: [UInt32]) -> [UInt8] {
      words.flatMap { word -> [UInt8] in
        (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
      }
    }
    toy.tensors += [
      ToyTensor(name: "\(start).qweight", type: .i32, shape: [3, 16], bytes: bytes(words)),
      ToyTensor(
        name: "\(start).qzeros", type: .i32, shape: [1, 2],
        bytes: bytes([0x5555_5555, 0x5555_5555])),
      ToyTensor("\(start).scales", .f16, [1, 16], values: [Double](repeating: 0.25, count: 16)),
      ToyTensor("\(start).bias", .bf16, [16], seed: 5),
    ]
    let made = try await ToyConversion(
      of: toy,
      .basic(rank: 4) { $0.form = .merged })
    let found = try storedTensors(in: made.output)
    var values: [Double] = []
    for output in 0..<16 {
      for input in 0..<24 {
        let number = (output + input) % 16 - 6
        values.append(0.25 * Double(number))
      }
    }
    #expect(found["\(start).weight"]?.shape == [16, 24])
    #expect(found["\(start).weight"]?.values == values)
    #expect(
      found.keys.filter { $0.hasPrefix(start) }.sorted() == ["\(start).bias", "\(start).weight"])
    #expect(found["model.steps"] != nil)
    try await made.expectSound()
  }

  @Test("config.json says nothing of quantised weights, and all else as it was")
  func config() async throws {
    let made = try FamilyConversion(of: Self.folder)
    let out = try await made.convert(to: "out", FamilyConversion.options(.merged))
    func object(_ path: String) throws -> NSDictionary {
      try #require(try JSONSerialization.jsonObject(with: made.config(of: path)) as? NSDictionary)
    }
    let before = try #require(object(made.source).mutableCopy() as? NSMutableDictionary)
    #expect(before["quantization_config"] != nil)
    before.removeObject(forKey: "quantization_config")
    #expect(try object(out) == before)
  }

  @Test("the summary and the certificate tell what was decoded and dropped")
  func told() async throws {
    let made = try FamilyConversion(of: Self.folder)
    let source = try storedTensors(in: made.source)
    let count = source.values.filter { $0.type == .f8E4M3 }.count
    let summary = try await convertCheckpoint(
      at: made.source, to: made.folder.path("out"), FamilyConversion.options(.merged))
    let decoded = try #require(summary.decoded)
    #expect(decoded.matrices.values.reduce(0, +) == count)
    #expect(decoded.matrices.keys.allSatisfy { $0.hasPrefix("FP8 E4M3") })
    #expect(decoded.types == ["BF16"])
    #expect(decoded.dropped == ["weight_scale_inv": count])
    #expect(decoded.configKeys == ["quantization_config"])
    let rows = try CertificateFile(folder: made.folder.path("out")).rows()
    let others = rows.filter { $0["role"] == "decoded" }
    let packed = source.filter { $1.type == .f8E4M3 && !$0.contains(".experts.") }
    #expect(others.count == packed.count)
    #expect(others.allSatisfy { $0["dtype"] == "BF16" && $0["sha256"] != $0["source_sha256"] })
    let plain = try FamilyConversion(of: "qwen2_moe/hub")
    let other = try await convertCheckpoint(
      at: plain.source, to: plain.folder.path("out"), FamilyConversion.options(.merged))
    #expect(other.decoded == nil)
  }

  @Test("a changed byte of a decoded tensor is found, in the output and in what it was made of")
  func damage() async throws {
    let made = try FamilyConversion(of: Self.folder)
    let copy = made.folder.path("copy")
    try FileManager.default.copyItem(atPath: made.source, toPath: copy)
    let out = try await made.convert("copy", to: "out", FamilyConversion.options(.merged))
    let name = "model.layers.0.self_attn.o_proj.weight"
    try flip(name, in: copy)
    let failures = try await verify(
      out, against: Checkpoint(path: copy), workers: 2
    ).failures
    #expect(
      failures.contains("\(copy): what was decoded to tensor '\(name)' is not there any more"))
    try flip(name, in: out)
    #expect(
      try await verify(out, workers: 2).failures == [
        "model.safetensors: tensor '\(name)' is not what was written"
      ])
  }

  private func flip(_ name: String, in folder: String) throws {
    let file = try WeightFileBytes(folder: folder, name: "model.safetensors")
    let url = URL(filePath: "\(folder)/model.safetensors")
    var data = try Data(contentsOf: url)
    data[try #require(file.places[name]).lowerBound + 5] ^= 1
    try data.write(to: url)
  }

  @Test("packed values that no packing reads are refused before anything is written")
  func refusal() async throws {
    let made = try FamilyConversion(of: Self.folder)
    let input = made.folder.path("input")
    try FileManager.default.createDirectory(atPath: input, withIntermediateDirectories: true)
    try made.config(of: made.source).write(to: URL(filePath: "\(input)/config.json"))
    let name = "model.layers.0.self_attn.strange.weight"
    try writeSafetensors(
      storedTensors(in: made.source).sorted { $0.key < $1.key }.map {
        ToyTensor(name: $0, type: $1.type, shape: $1.shape, bytes: $1.bytes)
      } + [
        ToyTensor(name: name, type: .u8, shape: [5, 3], bytes: [UInt8](repeating: 1, count: 15))
      ],
      to: "\(input)/model.safetensors")
    await #expect(
      throws: CheckpointError.unsupported(
        path: "\(input)/model.safetensors", tensor: name, elementType: "U8",
        reason: "holds quantised or packed values that no packing reads")
    ) {
      try await made.convert("input", to: "out", FamilyConversion.options(.merged))
    }
    #expect(!FileManager.default.fileExists(atPath: made.folder.path("out")))
    #expect(!FileManager.default.fileExists(atPath: made.folder.path("out.sdmoe-partial")))
  }
}
