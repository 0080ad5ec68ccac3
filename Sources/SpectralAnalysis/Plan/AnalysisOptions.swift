import Checkpoints
public import Experts
import Findings

/// How many of many things are looked at.
public enum SampleSize: Sendable, Hashable, CustomStringConvertible {
  /// Every one.
  case all
  /// So many, evenly spread, or all where there are fewer.
  case atMost(Int)

  /// The number, or `all`.
  public var description: String {
    switch self {
    case .all: "all"
    case .atMost(let count): "\(count)"
    }
  }

  /// How many of `count` are looked at.
  func number(of count: Int) -> Int {
    switch self {
    case .all: count
    case .atMost(let limit): min(limit, count)
    }
  }
}

/// What is to be measured: the options that change results.
public struct AnalysisOptions: Sendable, Hashable {
  /// The analyses, each once, in their own order.
  public var analyses: [Analysis]
  /// The projections, each once, in their own order.
  public var projections: [Projection]
  /// The share of singular directions that counts as the top; over 0, at most 1.
  public var fraction: Double
  /// The layers, or nil for all that have experts.
  public var layers: [Int]?
  /// What of the experts' weights is measured; nil for what the checkpoint holds.
  public var part: ExpertPart?
  /// Whether all singular values are told, not the leading ones alone.
  public var fullSpectrum = false
  /// From which excess of similarity on experts make a group; over 0, at most 1.
  public var groupExcess = 0.5
  /// The activation ratio's threshold t, in units of an isotropic direction's root mean square.
  public var threshold = 1.0
  /// How many tokens the activation ratio looks at.
  public var tokens = SampleSize.atMost(8192)
  /// Whether an expert's activation ratio uses the tokens routed to it alone.
  public var routedOnly = false
  /// Whether captures are read without rows that repeat others bit for bit.
  public var dropsRepeats = false
  /// Whether the MoE input is centred before the router is compared with its directions.
  public var center = false
  /// How many sequences are compared with each other.
  public var sequences = SampleSize.atMost(64)

  /// Chooses what is to be measured; the default is all that a checkpoint alone allows but the
  /// bands, with the top 1 %.
  public init(
    analyses: [Analysis] = [.energy, .spectrum, .similarity, .router],
    projections: [Projection] = Projection.allCases, fraction: Double = 0.01, layers: [Int]? = nil
  ) {
    self.analyses = Analysis.allCases.filter(analyses.contains)
    self.projections = Projection.allCases.filter(projections.contains)
    self.fraction = fraction
    self.layers = layers
  }

  /// The same options with the projections that a checkpoint's experts have.
  ///
  /// - Throws: ``AnalysisError/noProjection(path:projections:)`` where none of them is left.
  func reduced(to checkpoint: Checkpoint) throws(AnalysisError) -> AnalysisOptions {
    var options = self
    options.projections = projections.filter(checkpoint.projections.contains)
    guard !options.projections.isEmpty else {
      throw .noProjection(
        path: checkpoint.path, projections: projections.map(\.rawValue))
    }
    return options
  }

  /// What the manifest says of the options: those of chosen analyses alone, and the part where it
  /// is not the whole.
  func recorded(layers: [Int], of checkpoint: Checkpoint) -> RunOptions {
    var options = RunOptions(
      analyses: analyses.map(\.rawValue), fraction: fraction, layers: layers,
      projections: projections)
    options[.part] = checkpoint.form == nil ? nil : ExpertPart.unique.rawValue
    options[RunOption<Bool>("drop-repeats")] =
      dropsRepeats && analyses.contains { $0.input != .checkpoint } ? true : nil
    options[.fullSpectrum] = fullSpectrum ? true : nil
    options[.expertWidth] =
      checkpoint.isWidthAsked ? String(checkpoint.sizes.expertWidth) : nil
    for analysis in analyses { analysis.kind.record(self, in: &options) }
    return options
  }
}
