import Checkpoints
import Foundation
import TestSupport
import Testing

/// Checks what is read from config.json, and what is refused.
@Suite struct ModelConfigTests {
  private func config(_ keys: [String: JSONText]) throws -> ModelConfig {
    let folder = try TemporaryFolder()
    return try ModelConfig(path: folder.write(JSONText(keys).text, as: "config.json"))
  }

  @Test("Values of every kind are read")
  func values() throws {
    let config = try config([
      "size": 7, "factor": 2.5, "word": "silu", "flag": true, "none": nil, "layers": [1, 0, 2],
      "same": [4, 4, 4], "factors": [1, 2.5], "words": ["sparse", "dense"],
    ])
    #expect(try config.integer("size") == 7)
    #expect(try config.integer("same") == 4)
    #expect(try config.size(["missing", "none", "size"]) == 7)
    #expect(try config.size(["layers"], ofLayer: 2, atMost: 9) == 2)
    #expect(try config.size(["size"], ofLayer: 2, atMost: 9) == 7)
    #expect(try config.number("factor") == 2.5)
    #expect(try config.number("size") == 7)
    #expect(try config.word("word") == "silu")
    #expect(try config.boolean("flag") == true)
    #expect(try config.integers("layers") == [1, 0, 2])
    #expect(try config.numbers("factors") == [1, 2.5])
    #expect(try config.strings("words") == ["sparse", "dense"])
  }

  @Test("What is missing or null is nil", arguments: ["missing", "none"])
  func absent(key: String) throws {
    let config = try config(["none": nil])
    #expect(config.has(key) == (key == "none"))
    #expect(try config.integer(key) == nil)
    #expect(try config.number(key) == nil)
    #expect(try config.word(key) == nil)
    #expect(try config.boolean(key) == nil)
    #expect(try config.integers(key) == nil)
    #expect(try config.numbers(key) == nil)
    #expect(try config.strings(key) == nil)
    #expect(config.section(key) == nil)
    #expect(
      throws: CheckpointError.badConfig(path: config.path, key: key, reason: "is missing")
    ) { try config.size([key]) }
  }

  @Test("What is of another kind is refused with file and key")
  func otherKinds() throws {
    let config = try config([
      "word": "silu", "number": 1.5, "infinite": JSONText(verbatim: "Infinity"), "zero": 0,
      "mixed": [1, "a"], "odd": [1, JSONText(verbatim: "NaN")],
    ])
    func expectRefusal<Value>(
      _ key: String, _ reason: String, _ read: () throws -> Value,
      sourceLocation: SourceLocation = #_sourceLocation
    ) {
      #expect(
        throws: CheckpointError.badConfig(path: config.path, key: key, reason: reason),
        sourceLocation: sourceLocation
      ) { try read() }
    }
    expectRefusal("number", "is not a whole number") { try config.integer("number") }
    expectRefusal("word", "is not a finite number") { try config.number("word") }
    expectRefusal("infinite", "is Infinity, not a finite number") { try config.number("infinite") }
    expectRefusal("zero", "is 0, but must be positive") { try config.size(["zero"]) }
    expectRefusal("number", "is not a word") { try config.word("number") }
    expectRefusal("word", "is neither true nor false") { try config.boolean("word") }
    expectRefusal("mixed", "is not a list of whole numbers") { try config.integers("mixed") }
    expectRefusal("odd", "is not a list of finite numbers") { try config.numbers("odd") }
    expectRefusal("mixed", "is not a list of words") { try config.strings("mixed") }
  }

  @Test("Sections are looked up in their place, and the whole is kept")
  func sections() throws {
    let config = try config([
      "model_type": "outer", "size": 1,
      "text_config": ["size": 2, "rope_parameters": ["rope_theta": 10000.0]],
    ])
    let text = try #require(config.section("text_config"))
    #expect(try text.integer("size") == 2)
    #expect(try text.whole.integer("size") == 1)
    #expect(try text.modelType == "outer")
    #expect(try text.section("rope_parameters")?.number("rope_theta") == 10000)
    #expect(config.section("rope_parameters") == nil)
    #expect(config.section("size") == nil)
  }

  @Test("A checkpoint's config is that of its language model")
  func checkpoint() throws {
    let plain = try Checkpoint(path: Fixture.url("deepseek-v2-tiny").path)
    #expect(try plain.config.size(["kv_lora_rank"]) == 32)
    #expect(try plain.config.whole.size(["hidden_size"]) == 128)
    let nested = try Checkpoint(path: Fixture.url("families/qwen3_5_moe_cond/hub").path)
    #expect(try nested.config.size(["hidden_size"]) == 32)
    #expect(try nested.config.whole.integer("hidden_size") == nil)
    #expect(nested.config.whole.section("vision_config") != nil)
  }
}
