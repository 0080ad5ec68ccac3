/// What is known of one family of models: where its experts lie and which keys of config.json say
/// how many there are.
///
/// The facts stand in `families.json`; no code knows a family by name. Names of tensors are put
/// together as prefix + `layers.{L}.` + block + `.` + name, where `{L}` is the layer and `{E}` the
/// expert; an empty block is the layer itself, and a name that begins with `../` stands beside the
/// block.
struct Family: Decodable, Sendable {
  /// The name of the family.
  let id: String
  /// The values of `model_type` in config.json that mean this family.
  let modelTypes: [String]
  /// How the experts of published checkpoints are stored, in words; nil for one plain tensor each.
  let published: String?
  /// The object of config.json that holds the language model's keys, where it is not the whole.
  let configRoot: String?
  /// What may stand before `layers.{L}.`, in the order of trial.
  let prefixes: [String]
  /// Words that may stand for `layers` in names; nil for none.
  let layers: [String]?
  /// The name of the MoE block inside a layer; empty for the layer itself.
  let block: String
  /// The names that the router's weight may have inside the block.
  let router: [String]
  /// The names of the routers of further kinds of experts, where a layer has several: lists of
  /// config.json are then of kinds, not of layers.
  let otherRouters: [String]?
  /// Whether routers are stored with the hidden size before the experts; false where nothing is
  /// said.
  let routerIsTransposed: Bool?
  /// The keys of config.json for how many rows a router has after those of the routed experts; nil
  /// where it has no others.
  let otherRouterRows: [String]?
  /// The layouts that the experts may have, in the order of trial.
  var experts: [PlacedLayout]
  /// The shared expert, where layers have one.
  let shared: SharedExpert?
  /// The keys of config.json for the number of layers, in the order of trial.
  let layerCount: [String]
  /// The keys of config.json for the width of the residual stream, in the order of trial.
  let hiddenSize: [String]
  /// The keys of config.json for the number of routed experts, in the order of trial.
  let expertCount: [String]
  /// The keys of config.json for the width of an expert, in the order of trial.
  let width: [String]
  /// Which layers have experts.
  var moeLayers: MoELayerRule
  /// How routers choose and weigh experts.
  let routing: FamilyRouting
  /// The sets of names of its other tensors.
  let tensors: [String]

  /// A layout by name, in the family's block or, written `block:layout`, in another one; `:layout` in
  /// the layer itself.
  struct PlacedLayout: Decodable, Sendable {
    let block: String?
    let layout: String

    init(from decoder: any Decoder) throws {
      let text = try decoder.singleValueContainer().decode(String.self)
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard let last = parts.last, !last.isEmpty else {
        throw DecodingError.dataCorrupted(
          DecodingError.Context(
            codingPath: decoder.codingPath,
            debugDescription: "'\(text)' is neither a layout nor block:layout"))
      }
      block = parts.count == 2 ? String(parts[0]) : nil
      layout = String(last)
    }
  }

  /// Where the shared expert lies and how wide it is.
  struct SharedExpert: Decodable, Sendable {
    /// The name of the shared expert inside the MoE block.
    let block: String
    /// Which set of projection names it uses.
    let names: String
    /// Where else it may lie, and which set of names it uses there; nil for nowhere.
    let others: [PlacedLayout]?
    /// The keys of config.json whose product is its width.
    let width: [String]

    /// All places that it may have, with the sets of names, in the order of trial.
    var places: [(block: String, names: String)] {
      [(block, names)] + (others ?? []).map { ($0.block ?? block, $0.layout) }
    }
  }

  private enum Key: String, CodingKey {
    case id, modelTypes, published, configRoot, prefixes, layers, block, router, otherRouters
    case routerIsTransposed, otherRouterRows, experts, shared, layerCount, hiddenSize, expertCount
    case width, moeLayers, routing, tensors
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: Key.self)
    id = try values.decode(String.self, forKey: .id)
    modelTypes = try values.decode([String].self, forKey: .modelTypes)
    published = try values.decodeIfPresent(String.self, forKey: .published)
    configRoot = try values.decodeIfPresent(String.self, forKey: .configRoot)
    prefixes = try values.decodeIfPresent([String].self, forKey: .prefixes) ?? ["model."]
    layers = try values.decodeIfPresent([String].self, forKey: .layers)
    block = try values.decode(String.self, forKey: .block)
    router = try values.decode([String].self, forKey: .router)
    otherRouters = try values.decodeIfPresent([String].self, forKey: .otherRouters)
    routerIsTransposed = try values.decodeIfPresent(Bool.self, forKey: .routerIsTransposed)
    otherRouterRows = try values.decodeIfPresent([String].self, forKey: .otherRouterRows)
    experts = try values.decode([PlacedLayout].self, forKey: .experts)
    shared = try values.decodeIfPresent(SharedExpert.self, forKey: .shared)
    layerCount =
      try values.decodeIfPresent([String].self, forKey: .layerCount) ?? ["num_hidden_layers"]
    hiddenSize = try values.decodeIfPresent([String].self, forKey: .hiddenSize) ?? ["hidden_size"]
    expertCount = try values.decode([String].self, forKey: .expertCount)
    width = try values.decode([String].self, forKey: .width)
    moeLayers = try values.decode(MoELayerRule.self, forKey: .moeLayers)
    routing = try values.decode(FamilyRouting.self, forKey: .routing)
    tensors = try values.decode([String].self, forKey: .tensors)
  }
}
