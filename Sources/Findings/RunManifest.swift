import Foundation

/// What a run folder says of itself: everything that its results depend on, and how far it is.
///
/// It holds no date, no time, no path and no number of workers: the same input and options give the
/// same bytes.
public struct RunManifest: Codable, Sendable, Equatable {
  /// What was analysed.
  public struct Checkpoint: Codable, Sendable, Equatable {
    /// SHA-256 over config.json, the names and sizes of the weight files and their headers;
    /// hexadecimal.
    public var fingerprint: String
    /// The `model_type` of config.json.
    public var modelType: String

    // The names of config.json and of `sdmoe inspect --json`.
    private enum CodingKeys: String, CodingKey {
      case fingerprint
      case modelType = "model_type"
    }

    /// Describes a checkpoint.
    public init(fingerprint: String, modelType: String) {
      self.fingerprint = fingerprint
      self.modelType = modelType
    }
  }

  /// The options that change results.
  public struct Options: Codable, Sendable, Equatable {
    /// The analyses, by name.
    public var analyses: [String]
    /// The share of singular directions that counts as the top.
    public var fraction: Double
    /// The layers, ascending.
    public var layers: [Int]
    /// The projections.
    public var projections: [String]

    /// Collects the options.
    public init(analyses: [String], fraction: Double, layers: [Int], projections: [String]) {
      self.analyses = analyses
      self.fraction = fraction
      self.layers = layers
      self.projections = projections
    }
  }

  /// How far one layer and projection is.
  public struct Unit: Codable, Sendable, Equatable {
    /// The layer, counted from 0.
    public var layer: Int
    /// The projection.
    public var projection: String
    /// `finished` or `open`.
    public var state: State

    /// Whether a unit's results are there.
    public enum State: String, Codable, Sendable {
      /// All its results are in the folder.
      case finished
      /// It is still to be measured, or was measured without all of its experts.
      case open
    }

    /// Describes a unit.
    public init(layer: Int, projection: String, state: State) {
      self.layer = layer
      self.projection = projection
      self.state = state
    }

    /// The name of the unit's folder, such as `layer-007-up_proj`.
    public var name: String {
      let digits = String(layer)
      return "layer-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
        + "-\(projection)"
    }
  }

  /// The version of sdmoe that made the run.
  public var version: String
  /// What was analysed.
  public var checkpoint: Checkpoint
  /// The options that change results.
  public var options: Options
  /// The definitions behind the numbers, by the name of what they define.
  public var definitions: [String: String]
  /// The units in order.
  public var units: [Unit]

  /// Collects a manifest.
  public init(
    version: String, checkpoint: Checkpoint, options: Options, definitions: [String: String],
    units: [Unit]
  ) {
    self.version = version
    self.checkpoint = checkpoint
    self.options = options
    self.definitions = definitions
    self.units = units
  }

  /// Says in words why another manifest belongs to another run; nil where only the state of units
  /// differs.
  public func difference(from other: RunManifest) -> String? {
    if checkpoint != other.checkpoint {
      return "of another checkpoint of model_type \(other.checkpoint.modelType)"
    }
    if version != other.version { return "made by version \(other.version)" }
    if options.layers != other.options.layers {
      return "of \(Self.text(ofLayers: other.options.layers))"
    }
    if options.projections != other.options.projections {
      return "of the projections \(other.options.projections.joined(separator: ","))"
    }
    if options.analyses != other.options.analyses {
      return "of the analyses \(other.options.analyses.joined(separator: ","))"
    }
    if options.fraction != other.options.fraction {
      return "with --fraction \(other.options.fraction)"
    }
    return definitions != other.definitions ? "with other definitions" : nil
  }

  /// The layers in words that stay short for a deep model.
  private static func text(ofLayers layers: [Int]) -> String {
    guard let first = layers.first, let last = layers.last else { return "no layers" }
    if layers.count == 1 { return "layer \(first)" }
    if layers.count == last - first + 1 { return "layers \(first)-\(last)" }
    return layers.count <= 8
      ? "layers \(layers.map(String.init).joined(separator: ","))"
      : "\(layers.count) layers between \(first) and \(last)"
  }

  /// The manifest as the text of its file.
  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
  }
}
