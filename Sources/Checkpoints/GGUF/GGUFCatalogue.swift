import Foundation

/// What is known of GGUF files: how llama.cpp names tensors and keys, read from `gguf.json`.
///
/// Names and keys are the same for almost all architectures; what one has otherwise stands with it.
struct GGUFCatalogue: Decodable, Sendable {
  /// Names of tensors, without `.weight` and `.bias`.
  struct Names: Decodable, Sendable {
    /// Roles by whole names.
    let whole: [String: TensorRole]
    /// Roles by names inside a layer, behind `blk.{L}.`.
    let layer: [String: TensorRole]
    /// Names inside the MoE block, as ``layouts`` have them, by names inside a layer.
    let experts: [String: String]
  }

  /// An architecture by its name in `general.architecture`.
  struct Architecture: Decodable, Sendable {
    /// The name.
    let name: String
    /// Keys and their values that mean this one of several of the same name; nil for any.
    let when: [String: Int]?
    /// The `model_type` that the same model has in config.json.
    let modelType: String
    /// Roles by names that other architectures do not have, or use otherwise.
    let names: [String: TensorRole]?
    /// The roles of tensors that llama.cpp changes when it converts them: they are not the model's.
    let withheld: [TensorRole]?
    /// Keys of config.json, with those of the metadata that say the same.
    let config: [String: String]?
    /// Keys of config.json with what llama.cpp has in its code.
    let fixed: [String: Bool]?
  }

  /// The layouts of experts.
  let layouts: [String: ExpertLayout]
  /// The names of the layouts that any family has in a GGUF file.
  let experts: [Family.PlacedLayout]
  /// Which layers have experts: the config that is made of a file lists them.
  let moeLayers: MoELayerRule
  /// How tensors are named.
  let names: Names
  /// Keys of config.json for all architectures, with those of the metadata that say the same.
  let config: [String: String]
  /// The key of how many of the layers are for multi-token prediction.
  let furtherLayers: String
  /// The key of the number of experts.
  let expertCount: String
  /// The key of the number of experts of a token.
  let perToken: String
  /// The keys of the width of an expert, in the order of trial.
  let width: [String]
  /// What numbers mean that config.json has words for.
  let words: [String: [String: String]]
  /// The architectures, in the order of trial.
  let architectures: [Architecture]

  /// The catalogue that is built into the program.
  static let builtIn: GGUFCatalogue = {
    do {
      return try JSONDecoder().decode(GGUFCatalogue.self, from: Data(PackageResources.gguf_json))
    } catch {
      // The file is part of the program, and a test decodes it: this cannot happen at a user's.
      preconditionFailure("gguf.json does not decode: \(error)")
    }
  }()

  /// A family as its models are in GGUF files.
  func family(_ family: Family) -> Family {
    var family = family
    family.experts = experts
    family.moeLayers = moeLayers
    return family
  }

  /// The key that lists the layers with experts in a config that is made of a file.
  var layersKey: String { moeLayers.key ?? "moe_layers" }
}
