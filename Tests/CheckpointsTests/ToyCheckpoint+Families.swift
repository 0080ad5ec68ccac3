import Checkpoints
import TestSupport

extension ToyCheckpoint {
  static let hidden = 8
  static let width = 6
  static let experts = 3

  /// A checkpoint of some family without tensors: hidden size 8, experts of width 6, 3 of them.
  static func of(
    _ type: String, keys: [String: JSONText] = [:], layerCount: Int
  ) -> ToyCheckpoint {
    var config: [String: JSONText] = [
      "model_type": JSONText(stringLiteral: type), "hidden_size": 8,
      "num_hidden_layers": JSONText(integerLiteral: layerCount), "moe_intermediate_size": 6,
      "intermediate_size": 6,
    ]
    let count =
      switch type {
      case "mixtral", "llama4_text", "minimax": "num_local_experts"
      case "ernie4_5_moe": "moe_num_experts"
      case "deepseek", "deepseek_v2", "deepseek_v3", "deepseek_v32", "glm4_moe", "glm4_moe_lite":
        "n_routed_experts"
      default: "num_experts"
      }
    config[count] = 3
    return ToyCheckpoint(config: config.merging(keys) { $1 })
  }

  /// Adds a layer with the names of that family.
  mutating func addLayer(of type: String, _ index: Int) {
    var names = ToyLayerNames()
    var shared: Int?
    switch type {
    case "mixtral", "kimi_linear": names = .mixtral
    case "llama4_text":
      names.block = "feed_forward"
      names.router = "router.weight"
      names.shared = "shared_expert"
      shared = Self.width
    case "jamba":
      names.block = "feed_forward"
      names.router = "router.weight"
    case "lfm2_moe":
      names = .mixtral
      names.block = "feed_forward"
    default: break
    }
    addLayer(
      index, names: names, experts: Self.experts, hidden: Self.hidden, width: Self.width,
      sharedWidth: shared)
  }

  /// Writes the checkpoint and asks for the rule of a router.
  func routingRule(ofLayer index: Int = 0) throws -> RoutingRule {
    let folder = try written()
    return try withExtendedLifetime(folder) {
      try Checkpoint(path: folder.path).routingRule(ofLayer: index)
    }
  }

  /// Two layers of Mixtral.
  static func mixtral() -> ToyCheckpoint {
    var toy = of("mixtral", layerCount: 2)
    toy.addLayer(of: "mixtral", 0)
    toy.addLayer(of: "mixtral", 1)
    return toy
  }

  /// Layers 1 and 2 of three of DeepSeek-V2, with a shared expert of width 12.
  static func deepseek() -> ToyCheckpoint {
    var toy = of(
      "deepseek_v2", keys: ["first_k_dense_replace": 1, "n_shared_experts": 2], layerCount: 3)
    for layer in 1...2 {
      toy.addLayer(layer, experts: 3, hidden: 8, width: 6, sharedWidth: 12)
    }
    return toy
  }
}
