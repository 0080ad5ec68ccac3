import Checkpoints
import Foundation
import TestSupport
import Testing

/// Checks that no other program can take a factored checkpoint's config.json for that of an
/// ordinary model, and that the ordinary one comes back byte for byte.
@Suite struct FactoredConfigTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func config(_ bytes: [UInt8]) throws -> ModelConfig {
    let path = folder.path("config.json")
    try Data(bytes).write(to: URL(filePath: path))
    return try ModelConfig(path: path)
  }

  private func config(_ text: String) throws -> ModelConfig { try config(Array(text.utf8)) }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private func members(_ bytes: [UInt8]) throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
  }

  static let ordinary = [
    // As save_pretrained writes it, and with code of its own.
    """
    {
      "architectures": [
        "Qwen3MoeForCausalLM"
      ],
      "auto_map": {
        "AutoConfig": "configuration_x.XConfig"
      },
      "hidden_size": 8,
      "model_type": "qwen3_moe"
    }

    """,
    // On one line, without an end, the type last.
    #"{"x": "} , sd_moe", "architectures":["A","B"],"model_type" :"qwen3_moe"}"#,
    // The type of the language model alone; white space that no encoder would write.
    "\r\n{\t\"text_config\": {\"model_type\": \"qwen3_moe\"} ,\n\n\"n\":1\t}\n\n",
    #"{"model_type": "qwen3_moe"}"#,
    #"{"architectures": null, "model_type": "qwen3_\u006doe", "auto_map": {}}"#,
  ]

  @Test("The ordinary config comes back byte for byte", arguments: ordinary)
  func roundTrip(ordinary: String) throws {
    let form = ToyCheckpoint.form(layer: 0)
    let factored = try config(ordinary).factored(as: form)
    #expect(text(try config(factored).merged()) == ordinary)
    #expect(try config(ordinary).merged() == Array(ordinary.utf8))
  }

  @Test("Type, architectures and code are those of no model, the rest is as it was")
  func standIns() throws {
    let factored = try members(
      try config(Self.ordinary[0]).factored(as: ToyCheckpoint.form(layer: 0)))
    #expect(factored["model_type"] as? String == "sd_moe_factored")
    #expect(factored["architectures"] as? [String] == ["SDMoEFactored"])
    #expect((factored["auto_map"] as? [String: Any])?.isEmpty == true)
    #expect(factored["hidden_size"] as? Int == 8)
    let section = try #require(factored["sd_moe"] as? [String: Any])
    let original = try #require(section["original"] as? [String: Any])
    #expect(original["model_type"] as? String == "qwen3_moe")
    #expect(original["architectures"] as? [String] == ["Qwen3MoeForCausalLM"])
    #expect(original["auto_map"] as? [String: String] == ["AutoConfig": "configuration_x.XConfig"])
  }

  @Test("A config without a type of its own gets one")
  func added() throws {
    let factored = try config(Self.ordinary[2]).factored(as: ToyCheckpoint.form(layer: 0))
    #expect(try members(factored)["model_type"] as? String == "sd_moe_factored")
    #expect(try members(factored)["architectures"] == nil)
  }

  @Test("Read, it tells what the ordinary one tells", arguments: ordinary)
  func read(ordinary: String) throws {
    let read = try config(try config(ordinary).factored(as: ToyCheckpoint.form(layer: 0)))
    #expect(try read.modelType == "qwen3_moe")
    #expect(read.has("auto_map") == ordinary.contains("auto_map"))
  }

  @Test("Written anew by another program, it still gives what the ordinary one said")
  func rewritten() throws {
    for options in [JSONSerialization.WritingOptions.sortedKeys, .prettyPrinted] {
      for ordinary in Self.ordinary {
        let factored = try config(ordinary).factored(as: ToyCheckpoint.form(layer: 0))
        let data = try JSONSerialization.data(
          withJSONObject: try members(factored), options: options)
        let merged = try members(try config([UInt8](data)).merged())
        #expect(
          NSDictionary(dictionary: merged)
            == NSDictionary(dictionary: try members(Array(ordinary.utf8))))
      }
    }
  }

  @Test("The section may stand first, alone, or in the middle")
  func places() throws {
    let section = #""sd_moe": {"original": {"model_type": "a"}}"#
    let type = #""model_type": "sd_moe_factored""#
    for (factored, ordinary) in [
      ("{\(section), \(type), \"x\": 1}", #"{"model_type": "a", "x": 1}"#),
      ("{\"x\": 1, \(section), \(type)}", #"{"x": 1, "model_type": "a"}"#),
      ("{\"sd_moe\": {}}", "{}"),
    ] { #expect(text(try config(factored).merged()) == ordinary) }
  }

  @Test("A form that left the config's type as it was is read and merged as before")
  func former() throws {
    let form = ToyCheckpoint.form(layer: 0).json
    let read = try config(#"{"model_type": "olmoe", "sd_moe": \#(form), "n": 1}"#)
    #expect(try read.modelType == "olmoe")
    #expect(text(try read.merged()) == #"{"model_type": "olmoe", "n": 1}"#)
  }

  @Test("A factored config that does not tell its original is refused")
  func refusals() throws {
    for (section, reason) in [
      ("{}", "is missing, so nothing tells which model was factored"),
      (#"{"original": 3}"#, "is not a JSON object"),
    ] {
      let path = folder.path("config.json")
      #expect(throws: CheckpointError.badConfig(path: path, key: "sd_moe.original", reason: reason))
      { try config(#"{"model_type": "sd_moe_factored", "sd_moe": \#(section)}"#) }
    }
  }
}
