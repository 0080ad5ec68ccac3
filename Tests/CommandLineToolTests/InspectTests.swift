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
        "moe_layers", "reasons", "reasons_not_listed", "tensors", "verdict",
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
        "bytes", "element_types", "expert_width", "hidden_size", "matrices", "routed_experts",
        "shapes", "shared_width",
      ])
    #expect(experts["routed_experts"] as? Int == 12)
    #expect(experts["matrices"] as? Int == 3 * 3 * 12)
    #expect(experts["bytes"] as? Int == 3 * 3 * 12 * 112 * 128 * 2)
    #expect(experts["element_types"] as? [String] == ["BF16"])
    #expect(
      experts["shapes"] as? [String: [Int]]
        == ["gate_proj": [112, 128], "up_proj": [112, 128], "down_proj": [128, 112]])
  }

  @Test("an unsound checkpoint fails with its reasons, on stdout, and exits with 1")
  func fail() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("ckpt")
    try Samples.copy(of: Samples.tiny, to: path)
    let config = "\(path)/config.json"
    let text = try String(contentsOfFile: config, encoding: .utf8)
    let changed = text.replacing("\"num_local_experts\": 4", with: "\"num_local_experts\": 9")
    #expect(changed != text)
    try Data(changed.utf8).write(to: URL(filePath: config))

    let outcome = try Tool.run(["inspect", path])
    #expect(outcome.status == 1)
    #expect(outcome.errors == "")
    #expect(outcome.output.contains("\nverdict         FAIL\n- \(path)"))
    #expect(
      outcome.output.contains("mlp.experts.4.gate_proj.weight' is missing, though config.json"))
    #expect(outcome.output.contains(" more like these; --json lists up to 100\n"))

    let json = try Tool.run(["inspect", path, "--json"])
    #expect(json.status == 1)
    let found = try object(json.output)
    #expect(found["verdict"] as? String == "FAIL")
    // Five experts in three projections and two layers, and two routers of another shape.
    #expect((found["reasons"] as? [String])?.count == 5 * 3 * 2 + 2)
    #expect(found["reasons_not_listed"] as? Int == 0)
  }

  @Test("what cannot be opened fails too, in both forms")
  func absent() throws {
    let path = try TemporaryFolder().path("none")
    let reason =
      "\(path): there is no such folder; give the folder that holds config.json and the weight files"
    let outcome = try Tool.run(["inspect", path])
    #expect(outcome.status == 1)
    #expect(outcome.output == "checkpoint  \(path)\nverdict     FAIL\n- \(reason)\n")
    let json = try Tool.run(["inspect", path, "--json"])
    #expect(json.status == 1)
    #expect(try object(json.output)["reasons"] as? [String] == [reason])
  }
}
