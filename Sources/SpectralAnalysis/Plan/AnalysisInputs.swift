public import Captures
public import Checkpoints
import Experts
import LinearAlgebra
import Tensors

/// What is analysed: a checkpoint, and what was captured from it.
public struct AnalysisInputs: Sendable {
  /// The checkpoint.
  public let checkpoint: Checkpoint
  /// Activations, where they were captured.
  public let capture: Capture?
  /// Gradients of the weights, where they were captured.
  public let gradients: GradientFile?

  /// Collects the inputs.
  public init(checkpoint: Checkpoint, capture: Capture? = nil, gradients: GradientFile? = nil) {
    self.checkpoint = checkpoint
    self.capture = capture
    self.gradients = gradients
  }

  /// Whether an input is there.
  public func has(_ input: Analysis.Input) -> Bool {
    switch input {
    case .checkpoint: true
    case .captures: capture != nil
    case .gradients: gradients != nil
    }
  }

  /// Checks that the checkpoint holds what is to be measured of experts' weights.
  ///
  /// - Throws: ``AnalysisError``
  func check(_ part: ExpertPart?) throws(AnalysisError) {
    let path = checkpoint.path
    switch (part, checkpoint.form) {
    case (.whole, .some): throw .noWholeWeights(path: path)
    case (.unique, nil): throw .noUniqueParts(path: path)
    case (_, .some): if gradients != nil { throw .gradientsOfFactored(path: path) }
    default: break
    }
  }

  /// Checks that captures and gradients come from the checkpoint and have what analyses need.
  ///
  /// - Throws: ``AnalysisError`` and ``CheckpointError``.
  func check(for options: AnalysisOptions, layers: [MoELayer]) throws {
    if let capture { try check(capture, for: options, layers: layers) }
    if let gradients, options.analyses.contains(.gradients) {
      try check(gradients, layers: layers, projections: options.projections)
    }
  }

  private func check(
    _ capture: Capture, for options: AnalysisOptions, layers: [MoELayer]
  ) throws {
    let sizes = checkpoint.sizes
    let path = capture.path
    guard capture.hiddenSize == sizes.hiddenSize else {
      throw AnalysisError.wrongHiddenSize(
        path: path, size: capture.hiddenSize, expected: sizes.hiddenSize)
    }
    let all = checkpoint.layers + checkpoint.furtherLayers
    let known = Dictionary(uniqueKeysWithValues: all.map { ($0.index, $0) })
    let captured = capture.layers.map(\.index)
    if let stranger = captured.first(where: { known[$0] == nil }) {
      throw AnalysisError.noSuchCapturedLayer(
        path: path, layer: stranger, moeLayers: known.keys.sorted())
    }
    for layer in capture.layers {
      guard let logits = layer.routerLogits, let expected = known[layer.index]?.expertCount,
        logits.width != expected
      else { continue }
      throw AnalysisError.wrongExpertCount(
        place: logits.place, count: logits.width, expected: expected)
    }
    if let other = layers.first(where: { $0.firstRouterRow > 0 }) {
      throw AnalysisError.capturesOfOtherExperts(
        path: path, layer: other.index, experts: other.expertNumbers)
    }
    let asked = options.analyses.filter { $0.input == .captures }
    guard !asked.isEmpty else { return }
    let rank = min(sizes.hiddenSize, sizes.expertWidth)
    let needed = min(
      sizes.hiddenSize,
      max(
        SubspaceRequest.fewestDirections, leadingCount(fraction: options.fraction, rank: rank)))
    guard capture.tokenCount >= needed else {
      throw AnalysisError.tooFewTokens(path: path, count: capture.tokenCount, needed: needed)
    }
    let found = try layers.map { layer in
      guard let found = capture.layer(layer.index) else {
        throw AnalysisError.layerNotCaptured(path: path, layer: layer.index, captured: captured)
      }
      return found
    }
    for analysis in asked {
      try analysis.kind.check(capture, of: checkpoint, layers: found, options: options)
    }
  }

  private func check(
    _ gradients: GradientFile, layers: [MoELayer], projections: [Projection]
  ) throws {
    for tensor in gradients.tensors {
      guard let weight = checkpoint.tensor(named: tensor.name) else {
        throw AnalysisError.unknownGradient(path: gradients.path, tensor: tensor.name)
      }
      guard weight.shape == tensor.shape else {
        throw AnalysisError.wrongGradientShape(
          path: gradients.path, tensor: tensor.name, shape: tensor.shapeText,
          expected: weight.shapeText)
      }
    }
    for layer in layers {
      for projection in projections {
        let names = (layer.experts[projection] ?? []).compactMap { try? $0.get().tensorName }
        let isThere = { (name: String) in
          gradients.tensor(named: name) != nil || gradients.reasonForSkipping(name) != nil
        }
        guard names.contains(where: isThere) else {
          throw AnalysisError.noGradients(
            path: gradients.path, layer: layer.index, projection: projection.rawValue)
        }
      }
    }
  }
}
