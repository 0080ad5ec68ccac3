import Foundation
import TestSupport
import Testing

/// Checks `--family` of all commands that read a checkpoint.
@Suite struct FamilyOptionTests {
  private let folder: TemporaryFolder

  /// A model of a type that nobody knows, with the names of Qwen3-MoE.
  init() throws {
    folder = try TemporaryFolder()
    try Samples.copy(of: Samples.tiny, to: folder.path("ckpt"))
    let config = try String(contentsOfFile: folder.path("ckpt/config.json"), encoding: .utf8)
    try folder.write(config.replacing("\"qwen3_moe\"", with: "\"mine\""), as: "ckpt/config.json")
  }

  /// Describes the family in a file, with a default that no result depends on.
  private func describe(normalised: Bool) throws {
    try folder.write(
      """
      {"families": [{"id": "mine", "modelTypes": [], "block": "mlp", "router": ["gate.weight"],
        "experts": ["one-each"], "expertCount": ["num_experts", "num_local_experts"],
        "width": ["moe_intermediate_size"], "moeLayers": {"rule": "all"},
        "routing": {"score": "softmax", "perToken": ["num_experts_per_tok"],
          "weights": {"normalised": {"keys": [], "default": \(normalised)}}}, "tensors": []}]}
      """, as: "mine.json")
  }

  private func run(_ words: String...) throws -> Tool.Outcome {
    try Tool.run(words, in: folder.path)
  }

  @Test("a hint is given, and following it leads on")
  func hint() throws {
    let outcome = try run("inspect", "ckpt")
    #expect(outcome.status == 1)
    #expect(outcome.output.contains("names are like qwen3_moe, mellum, qwen3_vl_moe and 2 others"))
    #expect(outcome.output.contains("try --family qwen3_moe\n"))
    let read = try run("inspect", "ckpt", "--family", "qwen3_moe")
    #expect(read.status == 0)
    #expect(read.output.contains("model           mine (family qwen3_moe)\n"))
    #expect(read.output.hasSuffix("PASS\n"))
  }

  @Test("a run is of one description of its family")
  func analysis() throws {
    try describe(normalised: true)
    let words = ["analyze", "ckpt", "-o", "run", "--analyses", "energy"]
    #expect(try Tool.run(words, in: folder.path).status == 1)
    let first = try Tool.run(words + ["--family", "mine.json"], in: folder.path)
    #expect(first.status == 0, "\(first.errors)")
    let manifest = try String(contentsOfFile: folder.path("run/manifest.json"), encoding: .utf8)
    #expect(manifest.contains("\"family\" : \"mine "))
    #expect(try Tool.run(words + ["--family", "mine.json"], in: folder.path).status == 0)
    try describe(normalised: false)
    let changed = try Tool.run(words + ["--family", "mine.json"], in: folder.path)
    #expect(changed.status == 1)
    #expect(changed.errors.contains("read as the family mine "))
    let named = try Tool.run(words + ["--family", "qwen3_moe"], in: folder.path)
    #expect(named.status == 1)
    #expect(named.errors.contains("read as the family mine "))
  }

  @Test("a conversion is written and verified with the family that it was read as")
  func conversion() throws {
    try describe(normalised: true)
    let words = ["convert", "ckpt", "-o", "out", "--common-rank", "2", "--certificate", "basic"]
    let outcome = try Tool.run(words + ["--family", "mine.json"], in: folder.path)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(try run("verify", "out").status == 1)
    let verified = try run("verify", "out", "--against", "ckpt", "--family", "mine.json")
    #expect(verified.status == 0, "\(verified.errors)")
    try describe(normalised: false)
    let again = try Tool.run(words + ["--family", "mine.json"], in: folder.path)
    #expect(again.status == 1)
  }

  @Test("what is neither a family nor a file is a wrong word, and a wrong file is wrong data")
  func refusals() throws {
    for words in [
      ["inspect", "ckpt"], ["analyze", "ckpt", "-o", "run"], ["convert", "ckpt", "-o", "out"],
      ["verify", "out"],
    ] {
      let outcome = try Tool.run(words + ["--family", "nowhere.json"], in: folder.path)
      #expect(outcome.status == 64, "\(words)")
      #expect(
        outcome.errors.contains("there is neither a family nor a file 'nowhere.json'"), "\(words)")
    }
    try folder.write("{\"families\": [{}]}", as: "bad.json")
    let outcome = try run("analyze", "ckpt", "-o", "run", "--family", "bad.json")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("bad.json: 'families[0].block' is missing"))
  }

  @Test("families says how published checkpoints are stored")
  func families() throws {
    let outcome = try run("families")
    #expect(outcome.status == 0)
    let lines = outcome.output.split(separator: "\n").map {
      $0.split(separator: " ").joined(separator: " ")
    }
    #expect(lines.contains("llama4 stacked llama4, llama4_text"))
    #expect(outcome.output.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(lines.contains("deepseek_v3 FP8 deepseek_v3, kimi_k2, kimi_k25,"))
    #expect(lines.contains("kimi_vl, sarvam_mla"))
    #expect(lines.contains("olmoe one each olmoe"))
    #expect(lines.contains("gpt_oss MXFP4, stacked gpt_oss"))
  }
}
