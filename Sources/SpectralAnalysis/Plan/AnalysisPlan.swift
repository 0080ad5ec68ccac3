import Captures
import Checkpoints
import Experts
public import Findings
import LinearAlgebra
import Tensors

/// What an analysis will do: its units in order, each the piece that is scheduled and resumed.
public struct AnalysisPlan: Sendable {
  /// What is analysed.
  public let inputs: AnalysisInputs
  /// What is to be measured.
  public let options: AnalysisOptions
  /// What the run folder will say of the run.
  public let manifest: RunManifest
  /// The units to measure: those of the manifest, or of one shard.
  private(set) var units: [PlannedUnit]

  var sizes: Checkpoint.Sizes { inputs.checkpoint.sizes }

  /// Plans an analysis, and checks that everything it needs is there.
  ///
  /// - Parameters:
  ///   - inputs: What to analyse.
  ///   - options: What to measure; each analysis has its input.
  ///   - version: The version of sdmoe, which the manifest names.
  ///   - keepsGoing: Whether experts with problems are left out instead of thrown.
  /// - Throws: `CheckpointError` for a layer that does not exist and for the first tensor that is
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
    let checkpoint = inputs.checkpoint
    try inputs.check(options.part)
    let options = try options.reduced(to: checkpoint)
    self.options = options
    let layers = try checkpoint.layers(numbered: options.layers)
    for problem in checkpoint.problems {
      // A config that contradicts the weights is no matter of single experts.
      if case .unexpectedExperts = problem { throw problem }
    }
    units = layers.flatMap { layer in
      Self.keys(for: options, layer: layer.index).compactMap {
        PlannedUnit($0, layer: layer, options: options, inputs: inputs)
      }
    }
    for unit in units where unit.key.subject == .weights {
      let isHopeless = !unit.members.contains {
        $0.name.isRouted && (try? $0.weight.get()) != nil
      }
      if !keepsGoing || isHopeless { for member in unit.members { _ = try member.weight.get() } }
    }
    if options.analyses.contains(where: \.kind.needsRouter), !keepsGoing {
      for layer in layers { _ = try layer.router.get() }
    }
    try inputs.check(for: options, layers: layers)
    let k = LinearAlgebra.leadingCount(
      fraction: options.fraction,
      rank: min(checkpoint.sizes.hiddenSize, checkpoint.sizes.expertWidth))
    for unit in units where unit.space.rank < k {
      throw AnalysisError.tooFewUniqueDirections(
        path: checkpoint.path, unit: unit.key.folderName, count: unit.space.rank, needed: k)
    }
    let usual = try UsualAnalyses(of: inputs, options: options)
    var manifest = RunManifest(
      version: version,
      checkpoint: RunManifest.Checkpoint(
        fingerprint: try checkpoint.fingerprint(), structure: try checkpoint.structure(),
        modelType: checkpoint.modelType, family: checkpoint.chosenFamily,
        name: checkpoint.name),
      // Gradients tell how many captured tokens each expert saw.
      captures: options.analyses.contains { $0.input != .checkpoint }
        ? try inputs.capture?.identity() : nil,
      gradients: options.analyses.contains(.gradients) ? try inputs.gradients?.identity() : nil,
      options: options.recorded(layers: layers.map(\.index), of: checkpoint),
      k: k,
      definitions: analysisDefinitions(isFactored: checkpoint.form != nil),
      units: units.map(\.record),
      notMeasured: checkpoint.unmeasured(measuring: layers.map(\.index)).map(\.text))
    // What was asked for says itself what is not in it.
    if usual.analyses == options.analyses, !usual.omissions.isEmpty {
      manifest.omissions = usual.omissions
    }
    if manifest.captures != nil { manifest.capturedRows = inputs.capture?.rows.recorded }
    self.manifest = manifest
  }

  private static func keys(for options: AnalysisOptions, layer: Int) -> [UnitKey] {
    [UnitKey(layer: layer, projection: nil, subject: .activations)]
      + options.projections.map { UnitKey(layer: layer, projection: $0) }
      + options.projections.map { UnitKey(layer: layer, projection: $0, subject: .gradients) }
  }

  /// The same plan for some of its units alone.
  ///
  /// - Parameter names: The names of the units' folders.
  /// - Returns: A plan whose manifest is still that of the whole run.
  public func part(of names: Set<String>) -> AnalysisPlan {
    var part = self
    part.units.removeAll { !names.contains($0.key.folderName) }
    return part
  }

  /// The layers that are measured, ascending.
  public var layers: [Int] { manifest.options.layers }

  /// What the run folder says of the units.
  public var records: [RunUnit] { units.map(\.record) }

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
}
