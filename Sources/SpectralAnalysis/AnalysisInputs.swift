public import Captures
public import Checkpoints
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

  /// The analyses that are made unless others are asked for: the four quick ones of a checkpoint
  /// alone; with captures or gradients all that they allow, and the bands.
  public var usualAnalyses: [Analysis] {
    var chosen: Set<Analysis> = [.energy, .spectrum, .similarity, .router]
    if let capture {
      chosen.formUnion([.bands, .routerData, .activationRatio])
      if capture.sequences.count > 1 { chosen.insert(.dataAlignment) }
      // Some routers choose by a table of tokens, which logits do not tell.
      let tellsRouting = capture.layers.allSatisfy { layer in
        layer.routerLogits != nil && (try? checkpoint.routingRule(ofLayer: layer.index)) != nil
      }
      if tellsRouting { chosen.insert(.routing) }
      if capture.layers.allSatisfy({ $0.shuffledInput != nil }) { chosen.insert(.shuffle) }
    }
    if gradients != nil { chosen.formUnion([.bands, .gradients]) }
    return Analysis.allCases.filter(chosen.contains)
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
    let known = Set(checkpoint.layers.map(\.index))
    let captured = capture.layers.map(\.index)
    if let stranger = captured.first(where: { !known.contains($0) }) {
      throw AnalysisError.noSuchCapturedLayer(
        path: path, layer: stranger, moeLayers: known.sorted())
    }
    for layer in capture.layers {
      guard let logits = layer.routerLogits, logits.width != sizes.expertCount else { continue }
      throw AnalysisError.wrongExpertCount(
        place: logits.place, count: logits.width, expected: sizes.expertCount)
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
    if options.analyses.contains(.dataAlignment), capture.sequences.count < 2 {
      throw AnalysisError.notCaptured(
        path: path, what: "more than one sequence", neededBy: "--analyses data-alignment")
    }
    for layer in layers {
      guard let found = capture.layer(layer.index) else {
        throw AnalysisError.layerNotCaptured(path: path, layer: layer.index, captured: captured)
      }
      if options.analyses.contains(.shuffle), found.shuffledInput == nil {
        throw AnalysisError.notCaptured(
          path: path, what: "shuffled/layers/\(layer.index)/moe_input",
          neededBy: "--analyses shuffle")
      }
      let usesRouting = options.analyses.contains(.activationRatio) && options.routedOnly
      guard usesRouting || options.analyses.contains(.routing) else { continue }
      guard found.routerLogits != nil else {
        throw AnalysisError.notCaptured(
          path: path, what: "layers/\(layer.index)/router_logits",
          neededBy: options.analyses.contains(.routing) ? "--analyses routing" : "--routed-only")
      }
      _ = try checkpoint.routingRule(ofLayer: layer.index)
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
        let names = (layer.experts[projection] ?? []).compactMap { try? $0.get().tensor.name }
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
