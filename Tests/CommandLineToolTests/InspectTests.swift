import Foundation
import TestSupport
import Testing

/// Checks what `sdmoe inspect` says of sound and unsound checkpoints.
@Suite struct InspectTests {
  private func object(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  static let sound = ["qwen2-moe-tiny", "deepseek-v2-tiny", "families/mixtral/hub"]

  @Test("a sound checkpoint passes with the golden text", arguments: sound)
  func pass(name: String) throws {
    let outcome = try Tool.run(["inspect", name])
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(outcome.output.hasSuffix("verdict         PASS\n"))
    let golden = "cli/inspect-\(name.replacing("/", with: "-")).txt"
    try expectGolden(outcome.output, matches: golden)
  }

  @Test("the JSON of a sound checkpoint holds every finding")
  func json() throws {
    let outcome = try Tool.run(["inspect", "qwen2-moe-tiny", "--json"])
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    let found = try object(outcome.output)
    #expect(
      found.keys.sorted() == [
        "bytes", "checkpoint", "experts", "family", "files", "fingerprint", "layers", "model_type",
        "moe_layers", "notes", "reasons", "reasons_not_listed", "tensors", "verdict",
      ])
    #expect(found["verdict"] as? String == "PASS")
    #expect(found["model_type"] as? String == "qwen2_moe")
    #expect(found["family"] as? String == "qwen2_moe")
    #expect(found["checkpoint"] as? String == "qwen2-moe-tiny")
    #expect(found["layers"] as? Int == 3)
    #expect(found["moe_layers"] as? [Int] == [0, 1, 2])
    #expect(found["tensors"] as? Int == 153)
    #expect(found["files"] as? Int == 4)
    #expect((found["fingerprint"] as? String)?.count == 64)
    #expect(found["reasons"] as? [String] == [])
    #expect(found["reasons_not_listed"] as? Int == 0)
    let experts = try #require(found["experts"] as? [String: Any])
    #expect(
      experts.keys.sorted() == [
        "bits_per_weight", "bytes", "element_types", "expert_width", "hidden_size", "matrices",
        "routed_experts", "shapes", "shared_width",
      ])
    #expect(experts["routed_experts"] as? Int == 12)
    #expect(experts["matrices"] as? Int == 3 * 3 * 12)
    #expect(experts["bytes"] as? Int == 3 * 3 * 12 * 112 * 128 * 2)
    #expect(experts["bits_per_weight"] as? Double == 16)
    #expect(experts["element_types"] as? [String] == ["BF16"])
    #expect(
      experts["shapes"] as? [String: [Int]]
        == ["gate_proj": [112, 128], "up_proj": [112, 128], "down_proj": [128, 112]])
  }

  @Test("what is read otherwise than it stands is noted, by analyze and convert too")
  func notes() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("ckpt")
    try Samples.copy(of: Samples.tiny, to: path)
    let config = try String(contentsOfFile: "\(path)/config.json", encoding: .utf8)
    try folder.write("\u{FEFF}" + config, as: "ckpt/config.json")
    try folder.write("", as: "ckpt/extra.safetensors")
    try folder.write("", as: "ckpt/below/extra.safetensors")
    let mark =
      "config.json begins with a byte order mark, which is passed over; transformers refuses it"
    let extra = "extra.safetensors is not read: model.safetensors.index.json decides"
    let outcome = try Tool.run(["inspect", path])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("\nnote            \(mark)\n"))
    #expect(outcome.output.contains("\nnote            \(extra)"))
    #expect(
      outcome.output.contains("\nnote            1 safetensors or HDF5 file below, in below/,"))
    let found = try object(try Tool.run(["inspect", path, "--json"]).output)
    #expect((found["notes"] as? [String])?.count == 3)

    for words in [
      ["analyze", path, "-o", folder.path("run")], ["convert", path, "-o", folder.path("out")],
    ] {
      let outcome = try Tool.run(words + ["--dry-run"])
      #expect(outcome.status == 0)
      #expect(outcome.errors.contains("note: \(path): \(mark)\n"))
      #expect(outcome.errors.contains("note: \(path): \(extra)"))
      #expect(!outcome.errors.contains("below/"))
      #expect(try Tool.run(words + ["--dry-run", "--quiet"]).errors == "")
    }
  }

  @Test("an unsound checkpoint fails with its reasons, on stdout, and exits with 1")
  func fail() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("ckpt")
    try Samples.copy(of: Samples.tiny, to: path)
    let config = "\(path)/config.json"
    let text = try String(contentsOfFile: config, encoding: .utf8)
    let changed = text.replacing(
      "\"moe_intermediate_size\": 24", with: "\"moe_intermediate_size\": 25")
    #expect(changed != text)
    try Data(changed.utf8).write(to: URL(filePath: config))

    let outcome = try Tool.run(["inspect", path])
    #expect(outcome.status == 1)
    #expect(outcome.errors == "")
    #expect(outcome.output.contains("\nverdict         FAIL\n- \(path)"))
    #expect(
      outcome.output.contains("mlp.experts.0.gate_proj.weight' is 24 x 32, but config.json says 25")
    )
    #expect(outcome.output.contains(" more like these; --json lists up to 100\n"))

    let json = try Tool.run(["inspect", path, "--json"])
    #expect(json.status == 1)
    let found = try object(json.output)
    #expect(found["verdict"] as? String == "FAIL")
    // Four experts in three projections and two layers.
    #expect((found["reasons"] as? [String])?.count == 4 * 3 * 2)
    #expect(found["reasons_not_listed"] as? Int == 0)
  }

  @Test("what cannot be opened fails too, in both forms")
  func absent() throws {
    let path = try TemporaryFolder().path("none")
    let reason =
      "\(path): there is no such folder or file; give the folder that holds config.json and the weight files, or a GGUF file"
    let outcome = try Tool.run(["inspect", path])
    #expect(outcome.status == 1)
    #expect(outcome.output == "checkpoint  \(path)\nverdict     FAIL\n- \(reason)\n")
    let json = try Tool.run(["inspect", path, "--json"])
    #expect(json.status == 1)
    #expect(try object(json.output)["reasons"] as? [String] == [reason])
  }
}
