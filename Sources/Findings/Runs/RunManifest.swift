import Experts
import Files

/// What a run folder says of itself: everything that its results depend on, and how far it is.
///
/// It holds no date, no time, no path and no number of workers: the same input and options give the
/// same bytes.
public struct RunManifest: Codable, Sendable, Equatable {
  /// What was analysed.
  public struct Checkpoint: Codable, Sendable, Equatable {
    /// What tells checkpoints apart, but never that they are the same.
    ///
    /// SHA-256 over config.json, the names and sizes of the weight files, their headers and samples
    /// of their content; hexadecimal.
    public var fingerprint: String
    /// The fingerprint without samples: what a plan depends on.
    ///
    /// Of the content tells what was read, in the `sources.txt` of each unit.
    public var structure: String
    /// The `model_type` of config.json.
    public var modelType: String
    /// The family that it was read as, with the digest of the file that describes it; nil for the one
    /// that `model_type` means.
    public var family: String?

    /// What people call it: the name of its folder, or on the hub; nil in runs that did not note it.
    ///
    /// Results do not depend on it: a run goes on where the folder was renamed.
    public var name: String?

    /// What it is called in headings: its name, or its type in runs that noted no name.
    public var title: String { name ?? modelType }

    // The names of config.json and of `sdmoe inspect --json`.
    private enum CodingKeys: String, CodingKey {
      case fingerprint, structure, family, name
      case modelType = "model_type"
    }

    /// Describes a checkpoint.
    public init(
      fingerprint: String, structure: String, modelType: String, family: String? = nil,
      name: String? = nil
    ) {
      self.fingerprint = fingerprint
      self.structure = structure
      self.modelType = modelType
      self.family = family
      self.name = name
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
  public var options: RunOptions
  /// How many rows of the captures are no tokens; nil where all are, or none were used.
  public var capturedRows: CapturedRows?
  /// The analyses that the captures would call for but do not allow; nil where there are none.
  public var omissions: [Omission]?
  /// k, the number of directions that count as the top of a routed expert's matrix.
  public var k: Int
  /// The definitions behind the numbers, by the name of what they define.
  public var definitions: [String: String]
  /// The units in order.
  public var units: [RunUnit]
  /// Tensors of experts that the run does not measure, in words; nil where there are none.
  public var notMeasured: [String]?

  /// Collects a manifest.
  public init(
    version: String, checkpoint: Checkpoint, captures: String? = nil, gradients: String? = nil,
    options: RunOptions, k: Int, definitions: [String: String], units: [RunUnit],
    notMeasured: [String] = []
  ) {
    self.version = version
    self.checkpoint = checkpoint
    self.captures = captures
    self.gradients = gradients
    self.options = options
    self.k = k
    self.definitions = definitions
    self.units = units
    self.notMeasured = notMeasured.isEmpty ? nil : notMeasured
  }

  // The names that other members have, with underscores.
  private enum CodingKeys: String, CodingKey {
    case version, checkpoint, captures, gradients, options, k, definitions, units, omissions
    case capturedRows = "captured_rows"
    case notMeasured = "not_measured"
  }

  /// What no run that sdmoe made can say of itself; nil where all is well.
  var problem: String? {
    if units.isEmpty { return "it has no units" }
    if Set(units.map(\.key)).count != units.count { return "it names a unit twice" }
    if zip(options.layers, options.layers.dropFirst()).contains(where: { $0 >= $1 }) {
      return "its layers are not in rising order"
    }
    let layers = Set(options.layers)
    let projections = Set(options.projections)
    for unit in units {
      let isKnown = unit.projection.map { projections.contains($0) } ?? true
      if !layers.contains(unit.layer) || unit.layer < 0 || !isKnown {
        return "the unit \(unit.key.folderName) is of none of its layers and projections"
      }
    }
    if layers != Set(units.map(\.layer)) { return "a layer has no unit" }
    let isShare = options.fraction > 0 && options.fraction <= 1
    if !isShare { return "the fraction is \(options.fraction)" }
    return k < 1 ? "k is \(k)" : nil
  }

  /// The command that makes or finishes the run, but for the paths of its input.
  func command(output: String) -> String {
    let family = checkpoint.family.map { " --family \($0.contains(" ") ? "<file>" : $0)" } ?? ""
    let inputs =
      family + (captures == nil ? "" : " --captures <captures>")
      + (gradients == nil ? "" : " --gradients <gradients>")
    return "sdmoe analyze <checkpoint> -o \(output)\(inputs) \(options.arguments)"
  }

  /// Says in words why another manifest belongs to another run; nil where only the state of units
  /// differs.
  public func difference(from other: RunManifest) -> String? {
    if checkpoint.family != other.checkpoint.family {
      guard let family = other.checkpoint.family else { return "read without --family" }
      return "read as the family \(family)"
    }
    // The content of the weights is compared with what each unit was made from.
    if checkpoint.structure != other.checkpoint.structure
      || checkpoint.modelType != other.checkpoint.modelType
    {
      return "of another checkpoint of model_type \(other.checkpoint.modelType)"
    }
    if version != other.version { return "made by version \(other.version)" }
    if options.layers != other.options.layers {
      return "of \(Self.text(ofLayers: other.options.layers))"
    }
    if options.projections != other.options.projections {
      let names = other.options.projections.map(\.rawValue)
      return "of the projections \(names.joined(separator: ","))"
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

  /// What tells the plan from any other: a digest of all but the content and the name of the
  /// input and the state of units.
  var plan: String {
    get throws {
      var copy = self
      copy.checkpoint.fingerprint = ""
      copy.checkpoint.name = nil
      copy.captures = nil
      copy.gradients = nil
      copy.capturedRows = nil
      copy.omissions = nil
      return sha256(of: Array(try manifestText(of: copy.withOpenUnits).utf8))
    }
  }

  /// The same of a run in which nothing is measured yet.
  var withOpenUnits: RunManifest {
    var copy = self
    for place in copy.units.indices { copy.units[place].state = .open }
    return copy
  }
}
