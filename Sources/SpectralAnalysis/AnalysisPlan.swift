import Captures
import Checkpoints
public import Findings
import LinearAlgebra
import Tensors

/// What an analysis will do: its units in order, each the piece that is scheduled and resumed.
public struct AnalysisPlan: Sendable {
  /// One piece of the work.
  struct Unit: Sendable {
    let layer: MoELayer
    let subject: Subject
    /// The analyses that measure this unit.
    let analyses: [Analysis]
    let record: RunManifest.Unit
    /// The matrices that the unit reads.
    let members: [UnitMember]
    /// Where the directions of its routed experts live.
    let space: DirectionSpace
  }

  /// What a unit measures.
  enum Subject: Sendable, Hashable {
    /// The weights of a projection of all experts.
    case weights(Projection)
    /// The gradients of those weights.
    case gradients(Projection)
    /// The layer's input and the router's choices.
    case activations
  }

  /// What is analysed.
  public let inputs: AnalysisInputs
  /// What is to be measured.
  public let options: AnalysisOptions
  /// What the run folder will say of the run.
  public let manifest: RunManifest
  let units: [Unit]

  var sizes: Checkpoint.Sizes { inputs.checkpoint.sizes }

  /// Plans an analysis, and checks that everything it needs is there.
  ///
  /// - Parameters:
  ///   - inputs: What to analyse.
  ///   - options: What to measure; each analysis has its input.
  ///   - version: The version of sdmoe, which the manifest names.
  ///   - keepsGoing: Whether experts with problems are left out instead of thrown.
  /// - Throws: ``CheckpointError`` for a layer that does not exist and for the first tensor that is
  ///   missing or not readable; with `keepsGoing` only where a layer would be left without any
  ///   routed expert. ``AnalysisError`` where captures or gradients do not fit the checkpoint, and
  ///   where it does not hold the part of the weights that is asked for.
  /// - Precondition: Captures and gradients are there where an analysis needs them.
  public init(
    for inputs: AnalysisInputs, options: AnalysisOptions, version: String,
    keepsGoing: Bool = false
  ) throws {
    precondition(
      options.analyses.allSatisfy { inputs.has($0.input) }, "an analysis has no input")
    self.inputs = inputs
    self.options = options
    let checkpoint = inputs.checkpoint
    try inputs.check(options.part)
    let layers = try checkpoint.layers(numbered: options.layers)
    for problem in checkpoint.problems {
      // A config that contradicts the weights is no matter of single experts.
      if case .unexpectedExperts = problem { throw problem }
    }
    units = layers.flatMap { layer in
      Self.subjects(for: options).compactMap {
        Unit(layer: layer, subject: $0, options: options, inputs: inputs)
      }
    }
    for unit in units {
      guard case .weights = unit.subject else { continue }
      let isHopeless = !unit.members.contains { !$0.isShared && (try? $0.weight.get()) != nil }
      if !keepsGoing || isHopeless { for member in unit.members { _ = try member.weight.get() } }
    }
    let needsRouter = options.analyses.contains { $0 == .router || $0 == .routerData }
    if needsRouter, !keepsGoing {
      for layer in layers { _ = try layer.router.get() }
    }
    try inputs.check(for: options, layers: layers)
    let k = LinearAlgebra.leadingCount(
      fraction: options.fraction,
      rank: min(checkpoint.sizes.hiddenSize, checkpoint.sizes.expertWidth))
    for unit in units where unit.space.rank < k {
      throw AnalysisError.tooFewUniqueDirections(
        path: checkpoint.path, unit: unit.record.name, count: unit.space.rank, needed: k)
    }
    manifest = RunManifest(
      version: version,
      checkpoint: RunManifest.Checkpoint(
        fingerprint: try checkpoint.fingerprint(), modelType: checkpoint.modelType),
      // Gradients tell how many captured tokens each expert saw.
      captures: options.analyses.contains { $0.input != .checkpoint }
        ? try inputs.capture?.identity() : nil,
      gradients: options.analyses.contains(.gradients) ? try inputs.gradients?.identity() : nil,
      options: options.recorded(
        layers: layers.map(\.index), isFactored: checkpoint.form != nil),
      k: k,
      definitions: checkpoint.form == nil
        ? analysisDefinitions
        : analysisDefinitions.merging(uniquePartDefinitions) { $1 },
      units: units.map(\.record))
  }

  private static func subjects(for options: AnalysisOptions) -> [Subject] {
    [.activations] + options.projections.map { .weights($0) }
      + options.projections.map { .gradients($0) }
  }

  /// The number of units.
  public var unitCount: Int { units.count }

  /// The number of matrices to read.
  public var matrixCount: Int { units.reduce(0) { $0 + $1.members.count } }

  /// The number of bytes of weights and gradients to read.
  public var byteCount: Int {
    units.reduce(0) { sum, unit in unit.members.reduce(sum) { $0 + $1.byteCount } }
  }

  /// k of the routed experts.
  public var leadingCount: Int { manifest.k }

  /// The tables that the run will hold.
  public var tables: [TableDefinition] {
    let gradients = options.analyses.contains(.gradients)
    return options.analyses.flatMap(\.tables) + [.floors, .leftOut]
      + (gradients ? [TableDefinition.leftOut.ofGradients] : [])
  }
}

extension Analysis {
  /// The tables that an analysis fills.
  var tables: [TableDefinition] {
    switch self {
    case .energy: [.energy]
    case .spectrum: [.spectrum]
    case .similarity: [.similarity, .summary, .groups, .redundantPairs]
    case .router: [.routerAlignment, .routerScore, .routerSummary]
    case .bands: [.bands, .bandSummary, .tailSimilarity]
    case .routerData: [.routerData, .dataSpectrum]
    case .activationRatio: [.activationRatio, .activationSummary]
    case .shuffle: [.shuffle]
    case .dataAlignment: [.dataAlignment]
    case .routing: [.routing, .routingSummary, .coactivation]
    case .gradients:
      [
        TableDefinition.energy, .spectrum, .similarity, .summary, .bands, .bandSummary,
        .tailSimilarity,
      ].map(\.ofGradients)
    }
  }
}
