import Foundation
import TestSupport
import Testing

/// Checks `sdmoe verify` on damaged outputs, and `sdmoe convert` on damaged inputs.
@Suite struct VerifyTests {
  private let folder: TemporaryFolder
  private static let shard = "model-00001-of-00001.safetensors"
  private static let factors = "sdmoe-factors-00001-of-00001.safetensors"

  /// A factored checkpoint, `out`.
  init() throws {
    folder = try TemporaryFolder()
    let words = ["convert", Samples.tiny, "-o", "out", "--common-rank", "2", "--quiet"]
    #expect(try Tool.run(words, in: folder.path).status == 0)
  }

  private func verify() throws -> Tool.Outcome { try Tool.run(["verify", "out"], in: folder.path) }

  private func merge() throws -> Tool.Outcome {
    try Tool.run(
      ["convert", "out", "--form", "merged", "-o", "whole", "--quiet"], in: folder.path)
  }

  private func rewrite(_ name: String, _ change: (inout Data) throws -> Void) throws {
    let url = URL(filePath: folder.path("out/\(name)"))
    var data = try Data(contentsOf: url)
    try change(&data)
    try data.write(to: url)
  }

  private func replace(_ text: String, with other: String, in name: String) throws {
    try rewrite(name) { data in
      #expect(data.range(of: Data(text.utf8)) != nil)
      data = Data(String(decoding: data, as: UTF8.self).replacing(text, with: other).utf8)
    }
  }

  // MARK: Verification

  @Test("a flipped byte is told with the tensor that it is in", arguments: [shard, factors])
  func flippedByte(file: String) throws {
    var tensor = ""
    try rewrite(file) { data in
      let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let header = try #require(
        try JSONSerialization.jsonObject(with: data.subdata(in: 8..<8 + length)) as? [String: Any])
      let place = (data.count - 8 - length) / 2
      for (name, entry) in header {
        let offsets = (entry as? [String: Any])?["data_offsets"] as? [Int] ?? [0, 0]
        if (offsets[0]..<offsets[1]).contains(place) { tensor = name }
      }
      data[8 + length + place] ^= 1
    }
    let outcome = try verify()
    #expect(outcome.status == 1)
    #expect(outcome.output == "")
    #expect(tensor != "")
    #expect(outcome.errors == "error: \(file): tensor '\(tensor)' is not what was written\n")
  }

  @Test("a file that is missing, cut or edited is told")
  func files() throws {
    try replace("\"model_type\"", with: "\"model_kind\"", in: "config.json")
    #expect(try verify().errors == "error: config.json: its content is not what was written\n")
    try FileManager.default.removeItem(atPath: folder.path("out/config.json"))
    #expect(try verify().errors == "error: config.json: is missing or cannot be read\n")
    try rewrite(Self.factors) { $0.removeLast() }
    let outcome = try verify()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("/\(Self.factors): "))
  }

  @Test("a folder that is no output is told")
  func noOutput() throws {
    for path in [Samples.tiny, folder.path("nothing")] {
      let outcome = try Tool.run(["verify", path])
      #expect(outcome.status == 1)
      #expect(
        outcome.errors
          == "Error: \(path): has no sdmoe/certificate.json, so there is nothing to verify; give the output of sdmoe convert\n"
      )
    }
  }

  @Test(
    "a certificate that is none is told", arguments: ["", "{}", "null", "{\"units\": []}", "{{{"])
  func nonsense(text: String) throws {
    try folder.write(text, as: "out/sdmoe/certificate.json")
    let outcome = try verify()
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.hasPrefix(
        "Error: out/sdmoe/certificate.json: is no certificate of this version of sdmoe; "))
  }

  @Test("an edited number breaks the certificate's own digest")
  func edited() throws {
    try replace("\"commonRank\" : 2", with: "\"commonRank\" : 3", in: "sdmoe/certificate.json")
    #expect(
      try verify().errors.contains("its content does not have the digest that it names"))
  }

  @Test(
    "numbers that were edited and sealed again differ from what is computed",
    arguments: [
      ("\"k\" : 1,", "\"k\" : 0,"), ("\"k\" : 1,", "\"k\" : -1,"),
      ("\"k\" : 1,", "\"k\" : 9223372036854775807,"), ("\"commonRank\" : 2", "\"commonRank\" : 1"),
      ("\"layer\" : 0,", "\"layer\" : 77,"), ("\"corrections\" : 0", "\"corrections\" : 9"),
    ])
  func resealed(text: String, other: String) throws {
    try seal { $0.replacing(text, with: other) }
    let outcome = try verify()
    #expect(outcome.status == 1, "\(outcome.errors)")
  }

  @Test("a tensor without a row in the table is told, though table and certificate agree")
  func missingRow() throws {
    let table = URL(filePath: folder.path("out/sdmoe/certificate.csv"))
    let name = "model.norm.weight"
    let old = try digest(of: table.path)
    let lines = try String(contentsOf: table, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.contains { $0.contains(name) })
    try Data(lines.filter { !$0.contains(name) }.joined(separator: "\n").utf8).write(to: table)
    let new = try digest(of: table.path)
    try seal { $0.replacing(old, with: new) }
    let outcome = try verify()
    #expect(outcome.status == 1)
    #expect(
      outcome.errors
        == "error: \(Self.shard): tensor '\(name)' is not spoken of in the certificate's table\n")
  }

  /// Edits the certificate, and gives it the digest that it then has.
  private func seal(_ edit: (String) -> String) throws {
    let path = folder.path("out/sdmoe/certificate.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    // The certificate's own digest is the only one at this indentation.
    let start = try #require(text.range(of: "\n  \"sha256\" : \""))
    let end = try #require(text[start.upperBound...].firstIndex(of: "\""))
    let empty = edit(String(text[..<start.upperBound]) + String(text[end...]))
    try folder.write(empty, as: "out/sdmoe/certificate.json")
    let digest = try digest(of: path)
    let mark = "\n  \"sha256\" : \""
    try folder.write(
      empty.replacing(mark + "\"", with: mark + digest + "\""), as: "out/sdmoe/certificate.json")
  }

  private func digest(of path: String) throws -> String {
    let outcome = try Tool.shell(
      "(sha256sum \"$FILE\" || shasum -a 256 \"$FILE\") 2>/dev/null", in: folder.path,
      environment: ["FILE": path])
    return String(outcome.output.prefix(64))
  }

  // MARK: Damaged inputs

  static let stem = "model.layers.0.mlp.experts.0.gate_proj"

  @Test(
    "a part that is missing prevents merging, and is named",
    arguments: [
      "\(stem).remainder.left", "\(stem).correction.value", "\(stem).unique",
      "model.layers.0.mlp.sd.gate_proj.basis.right",
      "model.layers.0.mlp.sd.gate_proj.common.left",
    ])
  func missingPart(name: String) throws {
    let lost = name.replacing("gate_proj", with: "gate_lost")
    for file in [Self.shard, Self.factors, "model.safetensors.index.json"] {
      try rewrite(file) { data in
        while let range = data.range(of: Data("\"\(name)\"".utf8)) {
          data.replaceSubrange(range, with: Data("\"\(lost)\"".utf8))
        }
      }
    }
    let outcome = try merge()
    #expect(outcome.status == 1)
    #expect(
      outcome.errors.hasPrefix("Error: out: tensor '\(name)' is missing"), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.path("whole.sdmoe-partial")))
  }

  @Test("a section that speaks of other sizes or units prevents merging")
  func section() throws {
    try replace("\"common_rank\": 2", with: "\"common_rank\": 1", in: "config.json")
    let outcome = try merge()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("basis.left' is 24 x 2, but config.json says 24 x 1"))
  }

  @Test("NaN in a basis prevents merging, and is called damage")
  func notFinite() throws {
    try rewrite(Self.factors) { data in
      let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let header = try JSONSerialization.jsonObject(with: data.subdata(in: 8..<8 + length))
      let name = "model.layers.0.mlp.sd.gate_proj.basis.left"
      let entry = try #require((header as? [String: Any])?[name] as? [String: Any])
      let start = 8 + length + (try #require(entry["data_offsets"] as? [Int]))[0]
      data.replaceSubrange(start..<start + 4, with: [0, 0, 0xc0, 0x7f])
    }
    let outcome = try merge()
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("holds NaN, infinity or values beyond single precision"))
  }
}
