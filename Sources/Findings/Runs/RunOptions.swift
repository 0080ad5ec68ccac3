public import Experts

/// The options of a run that change results; those of analyses that were not chosen are missing.
public struct RunOptions: Sendable, Equatable {
  /// The analyses, by name.
  public var analyses: [String]
  /// The share of singular directions that counts as the top.
  public var fraction: Double
  /// The layers, ascending.
  public var layers: [Int]
  /// The projections.
  public var projections: [Projection]

  /// What else was set, by name.
  private var settings: [String: RunOptionValue] = [:]

  /// Collects the options that every run has.
  public init(analyses: [String], fraction: Double, layers: [Int], projections: [Projection]) {
    self.analyses = analyses
    self.fraction = fraction
    self.layers = layers
    self.projections = projections
  }

  /// Whether a flag was given; nil where no analysis asks for it.
  public subscript(option: RunOption<Bool>) -> Bool? {
    get { if case .flag(let flag) = settings[option.name] { flag } else { nil } }
    set { settings[option.name] = newValue.map { .flag($0) } }
  }

  /// The number that an option was set to; nil where no analysis asks for it.
  public subscript(option: RunOption<Double>) -> Double? {
    get { if case .number(let number) = settings[option.name] { number } else { nil } }
    set { settings[option.name] = newValue.map { .number($0) } }
  }

  /// The word that an option was set to; nil where no analysis asks for it.
  public subscript(option: RunOption<String>) -> String? {
    get { if case .word(let word) = settings[option.name] { word } else { nil } }
    set { settings[option.name] = newValue.map { .word($0) } }
  }
}

extension RunOption<String> {
  /// What of the experts' weights is measured, where that is not the whole: `unique`.
  public static let part = RunOption("part")
  /// The width of the experts that are measured, where it was asked for.
  public static let expertWidth = RunOption("expert-width")
}

extension RunOption<Bool> {
  /// Whether all singular values are told.
  public static let fullSpectrum = RunOption("full-spectrum")
}

// MARK: In a manifest

extension RunOptions: Codable {
  /// The name of a member: that of the option, with underscores.
  private struct Member: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }

    /// Names the member of an option.
    init(option: String) { stringValue = option.replacing("-", with: "_") }

    var option: String { stringValue.replacing("_", with: "-") }

    static let analyses = Member(stringValue: "analyses")
    static let fraction = Member(stringValue: "fraction")
    static let layers = Member(stringValue: "layers")
    static let projections = Member(stringValue: "projections")
    static let known: Set = ["analyses", "fraction", "layers", "projections"]
  }

  /// Reads the options of a manifest.
  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: Member.self)
    analyses = try members.decode([String].self, forKey: .analyses)
    fraction = try members.decode(Double.self, forKey: .fraction)
    layers = try members.decode([Int].self, forKey: .layers)
    projections = try members.decode([Projection].self, forKey: .projections)
    for member in members.allKeys where !Member.known.contains(member.stringValue) {
      settings[member.option] = try members.decode(RunOptionValue.self, forKey: member)
    }
  }

  /// Writes the options, all in one object.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: Member.self)
    try members.encode(analyses, forKey: .analyses)
    try members.encode(fraction, forKey: .fraction)
    try members.encode(layers, forKey: .layers)
    try members.encode(projections, forKey: .projections)
    for (name, value) in settings { try members.encode(value, forKey: Member(option: name)) }
  }
}

// MARK: In words

extension RunOptions {
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
    let common = [
      "--analyses \(analyses.joined(separator: ","))", "--fraction \(fraction)",
      "--layers \(layerRanges)",
      "--projections \(projections.map(\.rawValue).joined(separator: ","))",
    ]
    let others = settings.sorted { $0.key < $1.key }.compactMap { $1.argument(named: $0) }
    return (common + others).joined(separator: " ")
  }

  /// Says in words of the command line how other options differ, where the analyses are the same.
  func difference(from other: RunOptions) -> String {
    if self[.part] != other[.part] { return "with --part \(other[.part] ?? "whole")" }
    let names = Set(settings.keys).union(other.settings.keys).sorted()
    guard let name = names.first(where: { settings[$0] != other.settings[$0] }) else {
      return "with other options"
    }
    return other.settings[name]?.argument(named: name).map { "with \($0)" } ?? "without --\(name)"
  }
}
