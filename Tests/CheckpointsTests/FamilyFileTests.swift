import Checkpoints
import Foundation
import TestSupport
import Testing

/// Checks families that a user names or describes.
@Suite struct FamilyFileTests {
  /// The example of the documentation.
  static let example = Result {
    let match = try #require(try page().firstMatch(of: /```json\n([^`]+)```/))
    return String(match.1)
  }

  /// A model of the family that the documentation describes.
  static func toy() -> ToyCheckpoint {
    var toy = ToyCheckpoint.of(
      "other", keys: ["n_shared_experts": 1, "num_experts_per_tok": 2], layerCount: 2)
    var names = ToyLayerNames()
    (names.gate, names.up, names.down) = ("wi_gate", "wi_up", "wo")
    for layer in 0...1 {
      toy.addLayer(layer, names: names, experts: 3, hidden: 8, width: 6, sharedWidth: 6)
    }
    return toy
  }

  private func refusal(of text: String) throws -> CheckpointError? {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, as: "family.json")
    do throws(CheckpointError) {
      _ = try ChosenFamily(path)
      return nil
    } catch {
      guard case .badFamily(let told, let key, let reason) = error else { return error }
      #expect(told == path)
      return .badFamily(path: "f", key: key, reason: reason)
    }
  }

  // MARK: Files

  @Test("The example of the documentation reads such a model")
  func example() throws {
    let folder = try Self.toy().written()
    let path = try folder.write(Self.example.get(), as: "family.json")
    let checkpoint = try Checkpoint(path: folder.path, family: ChosenFamily(path))
    #expect(checkpoint.family == "mine")
    #expect(checkpoint.problems == [])
    #expect(checkpoint.layers.map(\.index) == [0, 1])
    #expect(try checkpoint.routingRule(ofLayer: 1).expertsPerToken == 2)
    #expect(
      checkpoint.use(of: "model.layers.1.mlp.experts.2.wo.weight")
        == TensorUse(role: .expertDown, layer: 1, expert: 2))
  }

  @Test("An object that config.json lacks is told, and not the whole read in its stead")
  func configRoot() throws {
    let folder = try Self.toy().written()
    let text = try Self.example.get().replacing(
      "\"id\": \"mine\"", with: "\"configRoot\": \"text.model\", \"id\": \"mine\"")
    let path = try folder.write(text, as: "family.json")
    #expect(
      throws: CheckpointError.badFamily(
        path: path, key: "families[0].configRoot",
        reason: "is 'text.model', but \(folder.path("config.json")) has no such object")
    ) { try Checkpoint(path: folder.path, family: ChosenFamily(path)) }
  }

  @Test("Another content of the file is another structure, and none another fingerprint")
  func digest() throws {
    let folder = try Self.toy().written()
    let outside = try TemporaryFolder()
    let text = try Self.example.get()
    func opened(_ text: String, as name: String) throws -> Checkpoint {
      try Checkpoint(path: folder.path, family: ChosenFamily(outside.write(text, as: name)))
    }
    let first = try opened(text, as: "a.json")
    let same = try opened(text, as: "b.json")
    let other = try opened(
      text.replacing("\"default\": true", with: "\"default\": false"), as: "a.json")
    #expect(try first.structure() == same.structure())
    #expect(try first.structure() != other.structure())
    #expect(try first.fingerprint() == other.fingerprint())
    #expect(first.chosenFamily?.hasPrefix("mine ") == true)
    #expect(first.chosenFamily != other.chosenFamily)
  }

  /// Places of the example's objects, as the text that a member is put behind, and the key there.
  static let objects: [(behind: String, key: String)] = [
    ("\"id\": \"mine\",", "families[0]"),
    ("\"shared\": {", "families[0].shared"), ("\"moeLayers\": {", "families[0].moeLayers"),
    ("\"routing\": {", "families[0].routing"), ("\"weights\": {", "families[0].routing.weights"),
    ("\"normalised\": {", "families[0].routing.weights.normalised"),
    ("\"bias\": {", "families[0].routing.bias"), ("\"groups\": {", "families[0].routing.groups"),
    ("\"mine\": {", "layouts.mine"), ("\"up_proj\": {", "layouts.mine.up_proj"),
  ]

  static let words: [(text: String, key: String)] = [
    ("\"rule\": \"first dense\"", "moeLayers.rule"), ("\"score\": \"softmax\"", "routing.score"),
    ("\"measure\": \"largest score\"", "routing.groups.measure"),
  ]

  @Test("The page lists every word of those that a member may be", arguments: words)
  func pageWords(text: String, key: String) throws {
    let page = try Self.page()
    let start = text.prefix(while: { $0 != ":" })
    let error = try refusal(of: Self.full().replacing(text, with: "\(start): \"stranger\""))
    guard case .badFamily(_, let found, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found == "families[0].\(key)")
    let known = try #require(reason.firstMatch(of: /must be one of (.*)/)).1
    for word in known.split(separator: ", ") { #expect(page.contains("`\(word)`"), "\(word)") }
  }

  private static func page() throws -> String {
    try String(
      contentsOf: Fixture.url(
        "../Sources/Checkpoints/Checkpoints.docc/describing-a-family.md"), encoding: .utf8)
  }

  /// The example with all that routing may have.
  private static func full() throws -> String {
    try example.get().replacing(
      "\"routing\": {",
      with: "\"routing\": { \"bias\": { \"names\": [\"b\"] }, \"groups\": { \"count\": [\"c\"], "
        + "\"kept\": [\"k\"], \"measure\": \"largest score\" },")
  }

  @Test("The page lists every member that is accepted", arguments: objects)
  func page(behind: String, key: String) throws {
    let page = try Self.page()
    let error = try refusal(of: Self.full().replacing(behind, with: "\(behind) \"stranger\": 0,"))
    guard case .badFamily(_, let found, let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found == "\(key).stranger")
    let known = try #require(reason.firstMatch(of: /known there are (.*)/)).1.split(separator: ", ")
    #expect(known.count > 1)
    for member in known { #expect(page.contains("`\(member)`"), "\(key).\(member)") }
  }

  @Test("Every family that is built in has the form of a file")
  func builtIn() throws {
    let url = Fixture.url(FamilyCatalogueTests.path)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    let families = try #require(object["families"] as? [[String: Any]])
    let folder = try TemporaryFolder()
    for family in families {
      var file = object
      file["families"] = [family]
      let data = try JSONSerialization.data(withJSONObject: file)
      let path = try folder.write(String(decoding: data, as: UTF8.self), as: "family.json")
      #expect(throws: Never.self, "\(family["id"] ?? "")") { try ChosenFamily(path) }
    }
  }

  static let mistakes: [(old: String, new: String, key: String?, reason: String)] = [
    ("\"id\": \"mine\", ", "", "families[0].id", "is missing"),
    (
      "\"modelTypes\"", "\"modelType\"", "families[0].modelType",
      "is not known; known there are block, configRoot, expertCount, experts, hiddenSize, id, layerCount, layers, modelTypes, moeLayers, otherRouterRows, otherRouters, prefixes, published, router, routerIsTransposed, routing, shared, tensors, width"
    ),
    (
      "[\"gate.weight\"]", "\"gate.weight\"", "families[0].router",
      "must be a list that is not empty"
    ),
    ("[\"gate.weight\"]", "[]", "families[0].router", "must be a list that is not empty"),
    ("[\"gate.weight\"]", "[7]", "families[0].router[0]", "must be a text that is not empty"),
    ("\"model.\"", "\"model\"", "families[0].prefixes[0]", "must be empty, or end with a point"),
    ("\"mlp\"", "\"mlp.\"", "families[0].block", "must be a name without a point at its end"),
    (
      "first dense", "first", "families[0].moeLayers.rule",
      "must be one of all, sparse step, first dense, listed, period, interval, block types"
    ),
    (
      "\"key\": \"first_k_dense_replace\", ", "", "families[0].moeLayers.key",
      "is missing, but the rule 'first dense' needs it"
    ),
    (
      "\"default\": 0", "\"default\": 0.5", "families[0].moeLayers.default",
      "must be a whole number"
    ),
    (
      "\"softmax\"", "\"soft\"", "families[0].routing.score",
      "must be one of logits, softmax, sigmoid, sqrtsoftplus"
    ),
    (
      "\"default\": true", "\"default\": 1", "families[0].routing.weights.normalised.default",
      "must be true or false"
    ),
    (
      "[\"mine\", \"one-each\"]", "[\"one\"]", "families[0].experts[0]",
      "is 'one', but there is no such layout; there are mine, one-each, one-each-linear, one-each-up-down, one-each-w, stacked, stacked-apart, stacked-each, stacked-fc, stacked-flat, stacked-interleaved, stacked-linear, stacked-transposed, stacked-turns, stacked-up-down, stacked-w13"
    ),
    (
      "gate-up-down", "gud", "families[0].shared.names",
      "is 'gud', but there is no such set of shared names; there are fused-gate-up, gate-up-down, input-output, linear-gate-up-down, up-down, w"
    ),
    (
      "experts.{E}.wo.weight\", \"axes\": [\"out\", \"in\"]",
      "experts.{E}.wo.weight\", \"axes\": [\"out\"]", "layouts.mine.down_proj.axes",
      "must be out and in, in their order; with expert before them, or expert x with the first, where 'tensor' has no {E}, and only there"
    ),
    (
      "\"experts.{E}.wi_up.weight\"", "\"experts.wi_up\"", "layouts.mine.up_proj.axes",
      "must be out and in, in their order; with expert before them, or expert x with the first, where 'tensor' has no {E}, and only there"
    ),
    (
      "experts.{E}.wi_up.weight", "experts.{E}.wi_gate.weight", "layouts.mine.up_proj.tensor",
      "is that of gate_proj too; one tensor holds both only where their 'part' says which half, or which of two outputs in turn, is whose"
    ),
    (
      "experts.{E}.wo.weight", "experts.{E}.wi_up.weight", "layouts.mine.down_proj.tensor",
      "is that of up_proj too; one tensor holds both only where their 'part' says which half, or which of two outputs in turn, is whose"
    ),
    (
      "{\n  \"layouts\"",
      "{\"shared\": {\"twice\": {\"up_proj\": \"w1\", \"down_proj\": \"w1\"}}, \"layouts\"",
      "shared.twice.down_proj", "is that of up_proj too"
    ),
    (
      "\"shared_experts\", \"names\": \"gate-up-down\"",
      "\"experts.0\", \"names\": \"gate-up-down\"",
      "families[0].shared.block",
      "has routed experts' tensors, such as 'mlp.experts.0.gate_proj.weight'"
    ),
    (
      "\"up_proj\"", "\"upProj\"", "layouts.mine.upProj",
      "is not known; known there are down_proj, gate_proj, plain, up_proj"
    ),
    (
      "\"families\"", "\"family\"", "family",
      "is not known; known there are families, layouts, shared, tensors"
    ),
    (
      "{\n  \"layouts\"", "\n  \"layouts\"", nil,
      "is not JSON: byte 12: something follows the end of the JSON text"
    ),
  ]

  @Test("A mistake is told by its key", arguments: mistakes.indices)
  func mistake(_ index: Int) throws {
    let mistake = Self.mistakes[index]
    let text = try Self.example.get()
    try #require(text.contains(mistake.old))
    #expect(
      try refusal(of: text.replacing(mistake.old, with: mistake.new))
        == .badFamily(path: "f", key: mistake.key, reason: mistake.reason))
  }

  @Test("A file holds one family, and not nothing")
  func oneFamily() throws {
    #expect(try refusal(of: "") == .badFamily(path: "f", key: nil, reason: "is empty"))
    #expect(try refusal(of: "[]") == .badFamily(path: "f", key: nil, reason: "must be an object"))
    #expect(
      try refusal(of: #"{"families": []}"#)
        == .badFamily(path: "f", key: "families", reason: "must be a list that is not empty"))
    let text = try Self.example.get()
    let family = try #require(text.firstMatch(of: /(?s)"families": \[\n(.*\n    \})\n  \]/)).1
    #expect(
      try refusal(of: text.replacing(family, with: "\(family),\(family)"))
        == .badFamily(
          path: "f", key: "families", reason: "must hold one family, the one of the checkpoint"))
  }

  // MARK: Names

  @Test(
    "A family that is built in is chosen by its name or a model_type",
    arguments: ["deepseek_v3", "kimi_k2"])
  func named(name: String) throws {
    var toy = ToyCheckpoint.of(
      "mine", keys: ["n_routed_experts": 3, "first_k_dense_replace": 0], layerCount: 1)
    toy.addLayer(0, experts: 3, hidden: 8, width: 6)
    let folder = try toy.written()
    let checkpoint = try Checkpoint(path: folder.path, family: ChosenFamily(name))
    #expect(checkpoint.family == "deepseek_v3")
    #expect(checkpoint.modelType == "mine")
    #expect(checkpoint.chosenFamily == "deepseek_v3")
    #expect(checkpoint.problems == [])
  }

  @Test("The family that model_type means anyway changes nothing")
  func usual() throws {
    let folder = try ToyCheckpoint.mixtral().written()
    let plain = try Checkpoint(path: folder.path)
    let chosen = try Checkpoint(path: folder.path, family: ChosenFamily("mixtral"))
    #expect(chosen.chosenFamily == nil)
    #expect(try chosen.structure() == plain.structure())
    let other = try Checkpoint(path: folder.path, family: ChosenFamily("minimax"))
    #expect(other.chosenFamily == "minimax")
    #expect(try other.structure() != plain.structure())
  }

  @Test("What is neither a name nor a file is refused")
  func neither() {
    #expect(
      throws: CheckpointError.unknownFamily(name: "nowhere.json", known: KnownFamily.all.map(\.id))
    ) { try ChosenFamily("nowhere.json") }
  }

  // MARK: Hints

  @Test(
    "An unknown model_type is answered with the families that the tensors look like",
    arguments: [
      ("qwen3_moe", ["qwen3_moe", "mellum", "qwen3_vl_moe", "qwen3_omni_moe", "kolibri1"]),
      ("olmoe", ["olmoe"]),
      ("qwen2_moe", ["qwen2_moe", "qwen3_next", "qwen3_5_moe", "qwen4_exp"]),
      (
        "deepseek_v2",
        [
          "deepseek_v2", "deepseek_v3", "deepseek_v32", "axk1", "axk2", "glm4_moe_lite",
          "glm5_next", "mistral4", "hy_v4", "dots3_note",
        ]
      ),
      ("kimi_linear", ["kimi_linear"]), ("bailing_hybrid", ["bailing_hybrid"]),
      ("deepseek_v4", ["deepseek_v4"]), ("gpt_oss", ["gpt_oss", "openai_privacy_filter"]),
      ("llama4_text", ["llama4"]),
      ("granitemoe", ["granitemoe"]),
    ])
  func hints(fixture: String, alike: [String]) throws {
    let source = Fixture.url("families/\(fixture)/hub").path
    let folder = try TemporaryFolder()
    for name in try FileManager.default.contentsOfDirectory(atPath: source)
    where name.hasSuffix(".safetensors") || name.hasSuffix(".index.json") {
      try FileManager.default.copyItem(
        atPath: "\(source)/\(name)", toPath: folder.path(name))
    }
    let config = try String(contentsOfFile: "\(source)/config.json", encoding: .utf8)
    let renamed = config.replacing(/"model_type": "[a-z0-9_]+"/, with: "\"model_type\": \"mine\"")
    let path = try folder.write(renamed, as: "config.json")
    expectRefusal(
      of: folder.path,
      .unknownModelType(
        path: path, modelType: "mine", known: KnownFamily.all.flatMap(\.modelTypes).sorted(),
        alike: alike))
    try folder.write(renamed.replacing("\"model_type\"", with: "\"type\""), as: "config.json")
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(path: folder.path) }
    #expect(
      error?.description.contains("'model_type' is missing; names are like \(alike[0])") == true)
  }

  @Test("Experts without a word of them in config.json are no dense model")
  func notDense() throws {
    var toy = ToyCheckpoint.mixtral()
    toy.config["model_type"] = "mine"
    toy.config["num_local_experts"] = nil
    let folder = try toy.written()
    let error = #expect(throws: CheckpointError.self) { try Checkpoint(path: folder.path) }
    #expect(error?.description.contains("try --family ") == true)
  }
}
