import Foundation
import TestSupport
import Testing

/// Checks what the commands say of experts that are not as config.json says, and of those that they
/// leave out.
@Suite struct UnequalLayersTests {
  /// A checkpoint of three layers with 4, 3 and 4 experts, of which config.json counts two layers.
  private func written() throws -> TemporaryFolder {
    var toy = ToyCheckpoint(config: [
      "model_type": "qwen3_moe", "num_hidden_layers": 2, "num_experts": 4, "hidden_size": 24,
      "moe_intermediate_size": 20, "num_experts_per_tok": 2,
    ])
    for (layer, count) in [4, 3, 4].enumerated() {
      toy.addLayer(layer, experts: count, hidden: 24, width: 20)
    }
    return try toy.written()
  }

  static let note =
    "layer 1: 3 experts by the router and the tensors, where the config says 4"
  static let further =
    "layer 2: 12 tensors of experts 0-3, past num_hidden_layers (2), such as 'model.layers.2.mlp.experts.0.down_proj.weight'; measured with --mtp or --layers 2"

  @Test("inspect counts experts by layer, and tells what is not measured")
  func inspect() throws {
    let checkpoint = try written()
    let outcome = try Tool.run(["inspect", checkpoint.path])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("experts         4 routed in layer 0, 3 routed in layer 1\n"))
    #expect(outcome.output.contains("note            \(Self.note)\n"))
    #expect(outcome.output.contains("not measured    \(Self.further)\n"))
    let json = try Tool.run(["inspect", checkpoint.path, "--json"]).output
    let found = try #require(
      try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    #expect(found["further_layers"] as? [Int] == [2])
    #expect(found["notes"] as? [String] == [Self.note])
    let unmeasured = try #require((found["unmeasured"] as? [[String: Any]])?.first)
    #expect(unmeasured["layers"] as? [Int] == [2])
    #expect(unmeasured["experts"] as? [Int] == [0, 1, 2, 3])
    #expect(unmeasured["tensors"] as? Int == 12)
    #expect(unmeasured["reason"] as? String == "past_layers")
    let experts = try #require(found["experts"] as? [String: Any])
    #expect(experts["routed_by_layer"] as? [String: Int] == ["0": 4, "1": 3])
  }

  @Test("analyze tells it once, measures with --mtp, and the page of unequal layers is made")
  func analyze() throws {
    let checkpoint = try written()
    let folder = try TemporaryFolder()
    let usual = try Tool.run(["analyze", checkpoint.path, "-o", "run"], in: folder.path)
    #expect(usual.status == 0)
    #expect(
      usual.errors.hasPrefix(
        "note: \(checkpoint.path): \(Self.note)\nnot measured: \(Self.further)\n"))
    let page = try String(contentsOfFile: folder.path("run/index.html"), encoding: .utf8)
    #expect(page.contains("past num_hidden_layers (2)"))

    let all = try Tool.run(
      ["analyze", checkpoint.path, "-o", "all", "--mtp", "--analyses", "similarity,bands"],
      in: folder.path)
    #expect(all.status == 0)
    #expect(!all.errors.contains("not measured"))
    let one = try Tool.run(
      ["analyze", checkpoint.path, "-o", "one", "--layers", "2", "-q"], in: folder.path)
    #expect(one.status == 0)
    #expect(one.errors == "")
    let layers = Set(
      rows(try Data(contentsOf: URL(filePath: folder.path("one/tables/energy.csv")))).map { $0[0] })
    #expect(layers == ["2"])
  }

  @Test("a layer past the model's of another width is measured with the options that are told")
  func otherWidth() throws {
    var toy = ToyCheckpoint(config: [
      "model_type": "qwen3_moe", "num_hidden_layers": 1, "num_experts": 4, "hidden_size": 24,
      "moe_intermediate_size": 20, "num_experts_per_tok": 2,
    ])
    toy.addLayer(0, experts: 4, hidden: 24, width: 20)
    toy.addLayer(1, experts: 3, hidden: 24, width: 12)
    let model = try toy.written()
    let checkpoint = model.path
    let folder = try TemporaryFolder()
    let told = try Tool.run(["inspect", checkpoint]).output
    #expect(told.contains("; measured with --expert-width 12 --layers 1\n"))
    func analyze(_ options: String...) throws -> Tool.Outcome {
      try Tool.run(
        ["analyze", checkpoint, "-o", "run\(options.joined())", "-q"] + options, in: folder.path)
    }
    for options in [["--layers", "1"], ["--mtp"]] {
      let outcome = try Tool.run(
        ["analyze", checkpoint, "-o", "run\(options[0])", "-q", "--expert-width", "12"] + options,
        in: folder.path)
      #expect(outcome.status == 0)
      #expect(outcome.errors == "")
    }
    #expect(try analyze("--expert-width", "12").errors.contains("with --mtp or --layers 1"))
    #expect(try analyze("--layers", "1").errors.contains("choose with --expert-width"))
    #expect(try analyze("--mtp").errors.contains("but of width 12, not 20"))
    withExtendedLifetime(model) {}
  }

  @Test("--mtp of a model without further layers is a wrong word")
  func noFurther() throws {
    let outcome = try Tool.run(["analyze", Samples.tiny, "-o", "run", "--mtp"])
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("has no experts past its 2 layers"))
  }

  @Test("convert tells what it carries as it is")
  func convert() throws {
    let checkpoint = try written()
    let folder = try TemporaryFolder()
    let outcome = try Tool.run(
      ["convert", checkpoint.path, "-o", "out", "--certificate", "basic"], in: folder.path)
    #expect(outcome.status == 0)
    #expect(outcome.errors.contains("note: \(checkpoint.path): \(Self.note)\n"))
    #expect(
      outcome.errors.contains(
        "not converted, carried as it is: layer 2: 12 tensors of experts 0-3, past"))
    #expect(outcome.errors.contains("; converted with --layers 2\n"))
    #expect(try Tool.run(["verify", "out"], in: folder.path).status == 0)
  }
}
