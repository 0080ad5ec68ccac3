import Checkpoints
import Experts
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks that the verification of an output finds what is wrong with it.
@Suite struct VerificationTests {
  let made: ToyConversion

  init() async throws {
    var toy = ToyCheckpoint.normal(experts: 3, hidden: 24, width: 20, type: .f32)
    // Zeros below zero, which no sum gives: there are corrections.
    let name = ToyCheckpoint.name(.gate, ofExpert: 0)
    var values = Matrix<Double>.normal(20, 24, seed: 8).elements
    for place in stride(from: 0, to: values.count, by: 3) { values[place] = -0.0 }
    toy[name] = ToyTensor(name, .f32, [20, 24], values: values)
    let input = try toy.written()
    try input.write("{\"vocabulary\": {}}", as: "tokenizer.json")
    try input.write("prose", as: "docs/notes.txt")
    var options = ConversionOptions()
    options.rank = .fixed(4)
    made = try await ToyConversion(input: input, options)
  }

  /// What is found in the output, be it told or thrown.
  private func findings(against original: Checkpoint? = nil) async -> [String] {
    do {
      return try await verify(made.output, against: original, workers: 2).failures
    } catch {
      return ["\(error)"]
    }
  }

  private func url(_ name: String) -> URL { URL(filePath: "\(made.output)/\(name)") }

  private func flip(_ name: String, at place: Int) throws {
    var data = try Data(contentsOf: url(name))
    data[data.startIndex + place] ^= 1
    try data.write(to: url(name))
  }

  @Test("A sound output has no failure, with and without its original, and everything is counted")
  func sound() async throws {
    try await made.expectSound()
    let report = try await verify(made.output, workers: 1)
    #expect(report.unitCount == 3)
    #expect(report.tensorCount == (try storedTensors(in: made.output)).count)
    // config.json, the index, two files that were carried, and two files of weights.
    #expect(report.fileCount == 6)
  }

  // MARK: Damage

  @Test(
    "A flipped bit of a tensor is found, and the tensor named",
    arguments: [
      "experts.1.up_proj.unique", "sd.down_proj.basis.left", "sd.gate_proj.basis.right",
      "sd.gate_proj.common.left", "sd.up_proj.common.right", "experts.2.down_proj.remainder.left",
      "experts.0.gate_proj.remainder.right", "experts.0.gate_proj.correction.index",
      "experts.0.gate_proj.correction.value", "model.embed_tokens.weight", "mlp.gate.weight",
      "model.scales",
    ])
  func tensor(ending: String) async throws {
    let file = try WeightFileBytes.files(in: made.output).first { file in
      file.places.keys.contains { $0.hasSuffix(ending) }
    }
    let found = try #require(file)
    let (name, place) = try #require(found.places.first { $0.key.hasSuffix(ending) })
    #expect(!place.isEmpty)
    try flip(found.name, at: place.lowerBound + place.count / 2)
    let failures = await findings()
    #expect(failures == ["\(found.name): tensor '\(name)' is not what was written"])
  }

  @Test("A flipped bit of a header is found", arguments: [0, 1])
  func header(number: Int) async throws {
    let file = try WeightFileBytes.files(in: made.output)[number]
    // A letter of the first name, and the last byte before the data: a space, or a brace.
    for place in [20, file.headerEnd - 1] {
      try flip(file.name, at: place)
      #expect(await !findings().isEmpty)
      try flip(file.name, at: place)
      #expect(await findings() == [])
    }
  }

  @Test(
    "A flipped bit of a file is found",
    arguments: [
      "config.json", "tokenizer.json", "docs/notes.txt", "model.safetensors.index.json",
      "sdmoe/certificate.csv",
    ])
  func file(name: String) async throws {
    try flip(name, at: 4)
    let failures = await findings()
    #expect(failures.contains { $0.contains(name) })
  }

  @Test("Every changed digit of the certificate is found")
  func digits() async throws {
    let text = Array(try CertificateFile(folder: made.output).text().utf8)
    var changed = 0
    // One digit of every number and digest, each time another place of it.
    var wasDigit = false
    for (place, byte) in text.enumerated() {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      defer { wasDigit = isDigit }
      guard isDigit, !wasDigit || place % 7 == 0 else { continue }
      var other = text
      other[place] = byte == UInt8(ascii: "9") ? UInt8(ascii: "8") : byte + 1
      try Data(other).write(to: url("sdmoe/certificate.json"))
      let line = text[..<place].split(separator: UInt8(ascii: "\n")).count
      await #expect(throws: DecouplingError.self, "line \(line)") {
        try await verify(made.output, workers: 1)
      }
      changed += 1
    }
    #expect(changed > 100)
  }

  @Test("A file that is missing is found, and one more is listed")
  func files() async throws {
    for name in ["tokenizer.json", "docs/notes.txt", "config.json"] {
      let data = try Data(contentsOf: url(name))
      try FileManager.default.removeItem(at: url(name))
      #expect(await findings().contains { $0.hasPrefix("\(name): ") })
      try data.write(to: url(name))
    }
    for file in try WeightFileBytes.files(in: made.output) {
      let data = try Data(contentsOf: url(file.name))
      try FileManager.default.removeItem(at: url(file.name))
      #expect(await findings().contains { $0.contains(file.name) })
      try data.write(to: url(file.name))
    }
    try Data("x".utf8).write(to: url("docs/more.txt"))
    let report = try await verify(made.output, workers: 2)
    #expect(report.failures == [])
    #expect(report.strangers == ["docs/more.txt"])
  }

  @Test("Without a certificate or its table there is nothing to verify")
  func missing() async throws {
    try FileManager.default.removeItem(at: url("sdmoe/certificate.csv"))
    await #expect(
      throws: DecouplingError.badCertificate(
        path: "\(made.output)/sdmoe/certificate.csv", reason: "is missing")
    ) { try await verify(made.output, workers: 2) }
    try FileManager.default.removeItem(at: url("sdmoe/certificate.json"))
    await #expect(throws: DecouplingError.noCertificate(path: made.output)) {
      try await verify(made.output, workers: 2)
    }
  }

  // MARK: Another original

  @Test("Another checkpoint than the one that was converted is told")
  func otherOriginal() async throws {
    let name = ToyCheckpoint.name(.down, ofExpert: 1)
    var toy = ToyCheckpoint.normal(experts: 3, hidden: 24, width: 20, type: .f32)
    toy[name] = ToyTensor(name, .f32, [24, 20], seed: 77)
    toy["model.scales"] = ToyTensor(
      name: "model.scales", type: .f8E4M3, shape: [3, 1], bytes: [1, 2, 3])
    let other = try toy.written()
    let failures = await findings(against: try Checkpoint(path: other.path))
    #expect(failures.contains { $0.contains("fingerprint") })
    #expect(failures.contains { $0.contains("'model.scales'") })
    #expect(failures.contains { $0.contains("'\(name)' is not the one that was converted") })
    #expect(failures.contains { $0.contains("error against the original") })
    #expect(!failures.contains { $0.contains("'model.embed_tokens.weight'") })
  }

  @Test("An original in another form is told in one sentence, and not tensor by tensor")
  func otherForm() async throws {
    let factored = try Checkpoint(path: made.output)
    let whole = try Checkpoint(path: made.input.path)
    guard factored.form != nil else { return }
    let merged = try await made.merged()
    let report = try await verify(merged, against: whole, workers: 2)
    #expect(
      report.failures == [
        "\(made.input.path): is whole, but this output was merged from a factored checkpoint; give that one, which can itself be verified against the model that it was split from"
      ])
    #expect(try await verify(merged, against: factored, workers: 2).failures == [])
    #expect(
      await findings(against: factored) == [
        "\(made.output): is a factored checkpoint, but this output was split from a whole one; give that one"
      ])
  }

  // MARK: Forged numbers

  @Test(
    "A number of the table that was forged together with all digests is computed anew",
    arguments: [
      "common_energy", "unique_energy", "remainder_energy", "left_residual", "right_residual",
      "corrections", "source_sha256",
    ])
  func forgedTable(column: String) async throws {
    let certificate = CertificateFile(folder: made.output)
    let tensor = "model.layers.0.mlp.experts.0.gate_proj.unique"
    let row = try #require(try certificate.rows().first { $0["tensor"] == tensor })
    let old = try #require(row[column])
    let new =
      switch column {
      case "corrections": String((Int(old) ?? 0) + 1)
      case "source_sha256": String(old.reversed())
      default: String((Double(old) ?? 0) + 1e-3)
      }
    try certificate.forge(column, of: tensor, as: new)
    let failures = await findings()
    #expect(failures.contains { $0.contains("'\(tensor)'") })
    // The seal itself is sound.
    #expect(!failures.contains { $0.contains("digest") && $0.contains("certificate.") })
  }

  @Test(
    "A forged error or norm shows against the original",
    arguments: ["reconstruction_error", "norm"])
  func forgedAgainstOriginal(column: String) async throws {
    let tensor = "model.layers.0.mlp.experts.2.up_proj.unique"
    try CertificateFile(folder: made.output).forge(column, of: tensor, as: "0.4")
    let failures = await findings(against: try Checkpoint(path: made.input.path))
    #expect(failures.contains { $0.contains("'\(tensor)'") })
  }

  @Test(
    "A forged number of a unit is computed anew",
    arguments: [
      "commonNorm", "commonRank", "remainderEnergy", "after", "floorAfter", "floorBefore",
      "corrections", "largestLeftResidual", "largestRightResidual", "largestReconstructionError",
    ])
  func forgedUnit(member: String) async throws {
    let certificate = CertificateFile(folder: made.output)
    let text = try certificate.text()
    let start = try #require(text.range(of: "\"\(member)\" : "))
    let end = try #require(text[start.upperBound...].firstIndex { ",\n".contains($0) })
    let old = String(text[start.upperBound..<end])
    let new = Int(old).map { String($0 + 1) } ?? String((Double(old) ?? 0) + 1e-3)
    #expect(new != old)
    try certificate.forge { $0.replacingCharacters(in: start.upperBound..<end, with: new) }
    let failures = await findings()
    #expect(failures.contains { $0.hasPrefix("layer 0 gate_proj: ") })
  }
}

extension ToyConversion {
  /// Converts what lies in a folder.
  init(input: TemporaryFolder, _ options: ConversionOptions) async throws {
    self.input = input
    folder = try TemporaryFolder()
    self.options = options
    summary = try await convertCheckpoint(at: input.path, to: folder.path("out"), options)
  }
}

/// Where the bytes of the tensors stand in a safetensors file.
struct WeightFileBytes {
  let name: String
  let headerEnd: Int
  let places: [String: Range<Int>]

  init(folder: String, name: String) throws {
    let data = try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))
    let length = (0..<8).reduce(0) { $0 | Int(data[$1]) << (8 * $1) }
    let end = 8 + length
    let object = try JSONSerialization.jsonObject(with: data[8..<end])
    var places: [String: Range<Int>] = [:]
    for (tensor, value) in object as? [String: Any] ?? [:] {
      guard let offsets = (value as? [String: Any])?["data_offsets"] as? [Int] else { continue }
      places[tensor] = end + offsets[0]..<end + offsets[1]
    }
    self.name = name
    headerEnd = end
    self.places = places
  }

  /// Those of all files of an output, sorted by name.
  static func files(in folder: String) throws -> [WeightFileBytes] {
    try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".safetensors") }.sorted()
      .map { try WeightFileBytes(folder: folder, name: $0) }
  }
}
