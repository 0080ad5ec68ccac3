import Checkpoints
import Foundation
import TestSupport
import Tensors
import Testing

/// Checks what cannot be opened at all: wrong places, foreign formats, unusable configs, dense
/// models.
@Suite struct CheckpointRefusalTests {
  // MARK: Places and formats

  @Test("a path where nothing lies")
  func missing() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("nowhere")
    expectRefusal(of: path, .missing(path: path))
  }

  @Test(
    "a file instead of a folder",
    arguments: [
      ("model.safetensors", nil),
      ("pytorch_model.bin", "PyTorch pickles (.bin)"), ("model.pt", "PyTorch pickles (.pt)"),
      ("model.pth", "PyTorch pickles (.pth)"),
    ])
  func file(name: String, format: String?) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("x", as: name)
    expectRefusal(
      of: path,
      format.map { .foreignFormat(path: path, format: $0) } ?? .notAFolder(path: path))
  }

  @Test(
    "a folder that holds only weights of a foreign format",
    arguments: [
      ("pytorch_model-00001-of-00002.bin", "PyTorch pickles (.bin)"),
      ("consolidated.00.pth", "PyTorch pickles (.pth)"), ("model.pt", "PyTorch pickles (.pt)"),
      ("weights.npz", "NumPy archives (.npz)"),
    ])
  func foreignFolder(name: String, format: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(JSONText(ToyCheckpoint.mixtral().config).text, as: "config.json")
    try folder.write("x", as: "training_args.bin")
    let path = try folder.write("x", as: name)
    expectRefusal(of: folder.path, .foreignFormat(path: path, format: format))
    // Such folders often come without a config, too: the format is what matters then.
    try FileManager.default.removeItem(atPath: folder.path("config.json"))
    expectRefusal(of: folder.path, .foreignFormat(path: path, format: format))
  }

  @Test("a folder with a config and no weights")
  func noWeights() throws {
    let folder = try TemporaryFolder()
    try folder.write(JSONText(ToyCheckpoint.mixtral().config).text, as: "config.json")
    try folder.write("x", as: "training_args.bin")
    expectRefusal(of: folder.path, .noWeights(path: folder.path))
  }

  // MARK: config.json

  @Test("no config.json, also in an empty folder")
  func noConfig() throws {
    let folder = try ToyCheckpoint.mixtral().written()
    try FileManager.default.removeItem(atPath: folder.path("config.json"))
    expectRefusal(of: folder.path, .noConfig(path: folder.path("config.json")))
    let empty = try TemporaryFolder()
    expectRefusal(of: empty.path, .noConfig(path: empty.path("config.json")))
  }

  @Test(
    "a config.json that is no object of JSON",
    arguments: [
      ("{\"a\": }", "is not JSON: byte 6: expected a value, found '}'"),
      ("", "is empty"), (" \n", "is empty"), ("\u{FEFF}", "is empty"),
      ("\0\0\0\0\0", "holds zero bytes and nothing else: its content was lost"),
      ("{\"a\": nan}", "is not JSON: byte 7: expected 'null', found 'a'"),
      ("[1, 2]", "is not a JSON object"), ("7", "is not a JSON object"),
    ])
  func noObject(text: String, reason: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, as: "config.json")
    expectRefusal(of: folder.path, .badConfig(path: path, key: nil, reason: reason))
  }

  @Test(
    "a config.json in another encoding",
    arguments: [
      (String.Encoding.utf16, "UTF-16"), (.utf16LittleEndian, "UTF-16"),
      (.utf16BigEndian, "UTF-16"), (.utf32, "UTF-32"), (.utf32LittleEndian, "UTF-32"),
      (.utf32BigEndian, "UTF-32"),
    ])
  func encoding(encoding: String.Encoding, name: String) throws {
    let folder = try ToyCheckpoint.mixtral().written()
    let path = folder.path("config.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(text.data(using: encoding)).write(to: URL(filePath: path))
    expectRefusal(
      of: folder.path,
      .badConfig(path: path, key: nil, reason: "is written in \(name); save it as UTF-8"))
  }

  @Test(
    "a key that stands twice with two values",
    arguments: [
      ("num_local_experts", "9", "9", "3"), ("num_local_experts", "null", "null", "3"),
      ("model_type", #""olmoe""#, "'olmoe'", "'mixtral'"),
      ("hidden_size", "{}", "an object", "8"),
    ])
  func twoValues(key: String, json: String, first: String, second: String) throws {
    let folder = try ToyCheckpoint.mixtral().written()
    let path = folder.path("config.json")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try folder.write("{\"\(key)\": \(json), " + text.dropFirst(), as: "config.json")
    expectRefusal(
      of: folder.path,
      .badConfig(path: path, key: key, reason: "stands twice, as \(first) and as \(second)"))
  }

  @Test("a key twice with one value, and a byte order mark, are told and passed over")
  func harmless() throws {
    let folder = try ToyCheckpoint.mixtral().written()
    let text = try String(contentsOfFile: folder.path("config.json"), encoding: .utf8)
    try folder.write(
      "\u{FEFF}{\"hidden_size\": 8, \"x\": {\"y\": NaN}, " + text.dropFirst(), as: "config.json")
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems == [])
    #expect(
      checkpoint.remarks.map(\.description) == [
        "config.json begins with a byte order mark, which is passed over; transformers refuses it",
        "config.json has 'hidden_size' twice, with the same value",
      ])
  }

  @Test("a config.json nested a hundred thousand deep")
  func deepConfig() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000),
      as: "config.json")
    #expect(throws: CheckpointError.self) { try Checkpoint(path: folder.path) }
  }

  @Test(
    "a key of the wrong kind or size",
    arguments: [
      ("model_type", nil, "is missing"), ("model_type", "7", "is not a word"),
      ("model_type", "null", "is missing"),
      ("hidden_size", nil, "is missing"), ("hidden_size", "null", "is missing"),
      ("hidden_size", #""8""#, "is not a whole number"),
      ("hidden_size", "8.5", "is not a whole number"),
      ("hidden_size", "8.0", "is not a whole number"),
      ("hidden_size", "NaN", "is NaN, not a whole number"),
      ("hidden_size", "-Infinity", "is -Infinity, not a whole number"),
      ("hidden_size", "true", "is not a whole number"),
      ("hidden_size", "{}", "is not a whole number"),
      ("hidden_size", "[]", "is not a whole number"),
      ("hidden_size", "-8", "is -8, but must be positive"),
      ("hidden_size", "0", "is 0, but must be positive"),
      ("hidden_size", "1e30", "is not a whole number"),
      ("hidden_size", "9223372036854775807", "is 9223372036854775807, beyond reason"),
      ("hidden_size", "-9223372036854775808", "is -9223372036854775808, beyond reason"),
      ("hidden_size", "92233720368547758080", "is not a whole number"),
      ("intermediate_size", "-1", "is -1, but must be positive"),
      ("num_hidden_layers", nil, "is missing"),
      ("num_hidden_layers", "0", "is 0, but must be positive"),
      ("num_hidden_layers", "100001", "is 100001, beyond reason"),
      ("num_local_experts", nil, "is missing"),
      ("num_local_experts", "-3", "is -3, but must be positive"),
      ("num_local_experts", "1000001", "is 1000001, beyond reason"),
      // Two layers of them.
      ("num_local_experts", "600000", "is 600000, beyond reason"),
    ] as [(String, String?, String)])
  func wrongKey(key: String, json: String?, reason: String) throws {
    var toy = ToyCheckpoint.mixtral()
    toy.config[key] = json.map { JSONText(verbatim: $0) }
    // Names of experts would bring a hint.
    if key == "model_type" { toy.tensors = [] }
    let folder = try toy.written()
    expectRefusal(
      of: folder.path, .badConfig(path: folder.path("config.json"), key: key, reason: reason))
  }

  @Test("the key that was read is the one that is named")
  func secondKey() throws {
    var toy = ToyCheckpoint.of("qwen3_moe", layerCount: 1)
    toy.config["num_experts"] = nil
    toy.config["num_local_experts"] = 5_000_000
    let folder = try toy.written()
    expectRefusal(
      of: folder.path,
      .badConfig(
        path: folder.path("config.json"), key: "num_local_experts",
        reason: "is 5000000, beyond reason"))
  }

  @Test("an unknown model_type with experts lists the known ones")
  func unknownType() throws {
    var toy = ToyCheckpoint.mixtral()
    toy.config["model_type"] = "mixtrall"
    let folder = try toy.written()
    let known = KnownFamily.all.flatMap(\.modelTypes).sorted()
    func error(alike: [String]) -> CheckpointError {
      .unknownModelType(
        path: folder.path("config.json"), modelType: "mixtrall", known: known, alike: alike)
    }
    expectRefusal(
      of: folder.path,
      error(alike: ["mixtral", "phimoe", "minimax", "minimax_m2", "minimax_m3_vl"]))
    toy.tensors = [ToyTensor("model.norm.weight", .f32, [8], seed: 1)]
    try toy.write(to: folder)
    let unlike = error(alike: [])
    expectRefusal(of: folder.path, unlike)
    #expect(
      unlike.description.contains("known are MiniMaxText01, afmoe, arctic, aria,"))
    #expect(unlike.description.contains("qwen3_moe"))
  }

  // MARK: Dense models

  @Test(
    "a dense model",
    arguments: [
      ("llama", [:]), ("qwen3", ["num_experts": 0]), ("mixtral", ["num_local_experts": 0]),
      ("deepseek_v2", ["n_routed_experts": nil]),
      ("deepseek_v2", ["n_routed_experts": 4, "first_k_dense_replace": 2]),
      ("qwen2_moe", ["num_experts": 4, "mlp_only_layers": [0, 1]]),
    ] as [(String, [String: JSONText])])
  func dense(type: String, keys: [String: JSONText]) throws {
    var config: [String: JSONText] = [
      "hidden_size": 8, "num_hidden_layers": 2, "intermediate_size": 6,
      "model_type": JSONText(stringLiteral: type),
    ]
    config.merge(keys) { $1 }
    let folder = try ToyCheckpoint(config: config).written()
    expectRefusal(of: folder.path, .dense(path: folder.path, modelType: type))
  }
}

/// Expects that opening a path throws exactly that.
func expectRefusal(
  of path: String, _ error: CheckpointError, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(throws: error, sourceLocation: sourceLocation) { try Checkpoint(path: path) }
}
