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

  /// The options that change results; those of analyses that were not chosen are nil.
  public struct Options: Codable, Sendable, Equatable {
    /// The analyses, by name.
    public var analyses: [String]
    /// The share of singular directions that counts as the top.
    public var fraction: Double
    /// The layers, ascending.
    public var layers: [Int]
    /// The projections.
    public var projections: [String]
    /// What of the experts' weights is measured, where that is not the whole: `unique`.
    public var part: String?
    /// Whether all singular values are told.
    public var fullSpectrum: Bool?
    /// The excess from which experts make a group.
    public var groupExcess: Double?
    /// The threshold of the activation ratio.
    public var threshold: Double?
    /// The number of tokens of the activation ratio, or `all`.
    public var tokens: String?
    /// Whether the activation ratio of an expert uses the tokens routed to it alone.
    public var routedOnly: Bool?
    /// Whether the MoE input is centred before its directions are compared with the router.
    public var center: Bool?
    /// The number of sequences whose directions are compared, or `all`.
    public var sequences: String?

    // The names of the command line's options, with underscores.
    private enum CodingKeys: String, CodingKey {
      case analyses, fraction, layers, projections, part, threshold, tokens, center, sequences
      case fullSpectrum = "full_spectrum"
      case groupExcess = "group_excess"
      case routedOnly = "routed_only"
    }

    /// Collects the options that every run has.
    public init(analyses: [String], fraction: Double, layers: [Int], projections: [String]) {
      self.analyses = analyses
      self.fraction = fraction
      self.layers = layers
      self.projections = projections
    }
  }

  /// A piece of a run that is measured and kept as one.
  public struct Unit: Codable, Sendable, Equatable {
    /// The layer, counted from 0.
    public var layer: Int
    /// The projection; nil where the unit is about the layer's input and router.
    public var projection: String?
    /// What is measured.
    public var subject: Subject
    /// The number of common directions that were projected out of the weights; nil where they are
    /// whole.
    public var commonRank: Int?
    /// `finished` or `open`.
    public var state: State

    /// What a unit measures.
    public enum Subject: String, Codable, Sendable {
      /// The weights of one projection of all experts.
      case weights
      /// The gradients of those weights.
      case gradients
      /// The input of the MoE block, and the router's choices.
      case activations
    }

    /// Whether a unit's results are there.
    public enum State: String, Codable, Sendable {
      /// All its results are in the folder.
      case finished
      /// It is still to be measured, or was measured without all of its experts.
      case open
    }

    private enum CodingKeys: String, CodingKey {
      case layer, projection, subject, state
      case commonRank = "common_rank"
    }

    /// Describes a unit.
    public init(
      layer: Int, projection: String?, subject: Subject = .weights, commonRank: Int? = nil,
      state: State = .open
    ) {
      self.layer = layer
      self.projection = projection
      self.subject = subject
      self.commonRank = commonRank
      self.state = state
    }

    /// The name of the unit's folder, such as `layer-007-up_proj`.
    public var name: String {
      let digits = String(layer)
      let number = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
      return
        (["layer", number] + (projection.map { [$0] } ?? [])
        + (subject == .weights ? [] : [subject.rawValue])).joined(separator: "-")
    }
  }

  /// The version of sdmoe that made the run.
  public var version: String
  /// What was analysed.
  public var checkpoint: Checkpoint
  /// A digest that tells the captures from others; nil where none were used.
  public var captures: String?
  /// The same of the gradients.
  public var gradients: String?
  /// The options that change results.
  public var options: Options
  /// k, the number of directions that count as the top of a routed expert's matrix.
  public var k: Int
  /// The definitions behind the numbers, by the name of what they define.
  public var definitions: [String: String]
  /// The units in order.
  public var units: [Unit]

  /// Collects a manifest.
  public init(
    version: String, checkpoint: Checkpoint, captures: String? = nil, gradients: String? = nil,
    options: Options, k: Int, definitions: [String: String], units: [Unit]
  ) {
    self.version = version
    self.checkpoint = checkpoint
    self.captures = captures
    self.gradients = gradients
    self.options = options
    self.k = k
    self.definitions = definitions
    self.units = units
  }

  /// What no run that sdmoe made can say of itself; nil where all is well.
  var problem: String? {
    if units.isEmpty { return "it has no units" }
    if Set(units.map(\.name)).count != units.count { return "it names a unit twice" }
    if zip(options.layers, options.layers.dropFirst()).contains(where: { $0 >= $1 }) {
      return "its layers are not in rising order"
    }
    let layers = Set(options.layers)
    let projections = Set(options.projections)
    for unit in units {
      let isKnown = unit.projection.map { projections.contains($0) } ?? true
      if !layers.contains(unit.layer) || unit.layer < 0 || !isKnown {
        return "the unit \(unit.name) is of none of its layers and projections"
      }
    }
    if layers != Set(units.map(\.layer)) { return "a layer has no unit" }
    let isShare = options.fraction > 0 && options.fraction <= 1
    if !isShare { return "the fraction is \(options.fraction)" }
    return k < 1 ? "k is \(k)" : nil
  }

  /// The command that makes or finishes the run, but for the paths of its input.
  func command(output: String) -> String {
    let inputs =
      (captures == nil ? "" : " --captures <captures>")
      + (gradients == nil ? "" : " --gradients <gradients>")
    return "sdmoe analyze <checkpoint> -o \(output)\(inputs) \(options.arguments)"
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
    if captures != other.captures { return Self.text(of: "captures", other.captures) }
    if gradients != other.gradients { return Self.text(of: "gradients", other.gradients) }
    if options != other.options { return options.difference(from: other.options) }
    return definitions != other.definitions ? "with other definitions" : nil
  }

  private static func text(of input: String, _ digest: String?) -> String {
    digest == nil ? "without \(input)" : "with other \(input)"
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

extension RunManifest.Options {
  /// The layers in short, such as `0-3,7`.
  public var layerRanges: String {
    var ranges: [ClosedRange<Int>] = []
    for layer in layers {
      if let last = ranges.last, last.upperBound + 1 == layer {
        ranges[ranges.count - 1] = last.lowerBound...layer
      } else {
        ranges.append(layer...layer)
      }
    }
    return ranges.map {
      $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
    }.joined(separator: ",")
  }

  /// The options in words of the command line.
  public var arguments: String {
    let chosen: [(name: String, value: String?)] = [
      ("analyses", analyses.joined(separator: ",")), ("fraction", "\(fraction)"),
      ("layers", layerRanges),
      ("projections", projections.joined(separator: ",")), ("part", part),
      ("full-spectrum", fullSpectrum == true ? "" : nil),
      ("group-excess", groupExcess.map { "\($0)" }), ("threshold", threshold.map { "\($0)" }),
      ("tokens", tokens), ("routed-only", routedOnly == true ? "" : nil),
      ("center", center == true ? "" : nil), ("sequences", sequences),
    ]
    return chosen.compactMap { name, value in
      value.map { $0.isEmpty ? "--\(name)" : "--\(name) \($0)" }
    }.joined(separator: " ")
  }

  /// Says in words of the command line how other options differ, where the analyses are the same.
  fileprivate func difference(from other: RunManifest.Options) -> String {
    func text(_ name: String, _ value: (some CustomStringConvertible)?) -> String {
      value.map { "with --\(name) \($0)" } ?? "without --\(name)"
    }
    func text(_ name: String, isSet: Bool?) -> String {
      isSet == true ? "with --\(name)" : "without --\(name)"
    }
    if part != other.part { return "with --part \(other.part ?? "whole")" }
    if fullSpectrum != other.fullSpectrum {
      return text("full-spectrum", isSet: other.fullSpectrum)
    }
    if groupExcess != other.groupExcess { return text("group-excess", other.groupExcess) }
    if threshold != other.threshold { return text("threshold", other.threshold) }
    if tokens != other.tokens { return text("tokens", other.tokens) }
    if routedOnly != other.routedOnly { return text("routed-only", isSet: other.routedOnly) }
    if center != other.center { return text("center", isSet: other.center) }
    return text("sequences", other.sequences)
  }
}
