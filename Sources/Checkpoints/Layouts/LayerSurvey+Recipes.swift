package import Experts
import Tensors

extension LayerSurvey {
  /// The weights of a layer's routed experts as recipes, in the order of the experts.
  func recipes(
    of projection: Projection, stored: StoredProjection, among found: LayerExperts,
    codec: any Codec, isFactored: Bool
  ) -> [MoELayer.FoundWeight] {
    found.numbers.map { expert in
      let name = found.start + stored.tensor.replacing("{E}", with: "\(expert)")
      guard !isFactored else {
        return weight(
          FactoredExpertNames(weight: name).unique,
          shape: projection.shape(hiddenSize: hiddenSize, width: expertWidth))
      }
      return recipe(
        of: projection, expert: expert, of: found.count, stored: stored, name: name,
        companions: stored.scales.map {
          [found.start + $0.tensor.replacing("{E}", with: "\(expert)")]
        } ?? [], codec: codec)
    }
  }

  /// Finds a plain tensor that is to be read as a matrix, and checks its type and shape.
  func weight(
    _ name: String, shape: [Int], isTransposed: Bool = false
  ) -> MoELayer.FoundWeight {
    source(name, shape: shape, decodedBy: PlainCodec()).map { source in
      isTransposed
        ? Weight(
          rowCount: shape[1], columnCount: shape[0], sources: [source], isTransposed: true)
        : Weight(file: source.file, tensor: source.tensor)
    }
  }

  private func recipe(
    of projection: Projection, expert: Int, of count: Int, stored: StoredProjection, name: String,
    companions: [String], codec: any Codec
  ) -> MoELayer.FoundWeight {
    let shape = projection.shape(hiddenSize: hiddenSize, width: expertWidth)
    let outputCount = shape[0] * (stored.part == nil ? 1 : 2)
    let shapes =
      stored.isTransposed
      ? codec.shapes(ofRows: shape[1], columns: outputCount)
      : codec.shapes(ofRows: outputCount, columns: shape[1])
    let leading = stored.isStacked ? [count] : []
    return source(name, shape: leading + shapes[0], decodedBy: codec).flatMap { values in
      var sources = [values]
      for (companion, shape) in zip(companions, shapes.dropFirst()) {
        switch source(companion, shape: leading + shape, decodedBy: nil) {
        case .success(let found): sources.append(found)
        case .failure(let problem): return .failure(problem)
        }
      }
      return .success(
        Weight(
          rowCount: shape[0], columnCount: shape[1], sources: sources,
          expert: stored.isStacked ? expert : nil, part: stored.part,
          isTransposed: stored.isTransposed, codec: codec))
    }
  }

  /// Finds a tensor, and checks its shape, and its type where a codec is to decode it.
  private func source(
    _ name: String, shape: [Int], decodedBy codec: (any Codec)?
  ) -> Result<Weight.Source, CheckpointError> {
    guard let found = files[name] else { return .failure(missing(name)) }
    let tensor = found.tensor
    if let codec, !codec.decodes(tensor.elementType) {
      let scales = ["\(name)_scale_inv", "\(name)_scale"].first { files[$0] != nil }
      let reason = scales.map { "holds quantised weights with scales in '\($0)'" }
      return .failure(
        .unsupported(
          path: found.file.path, tensor: tensor.name, elementType: tensor.elementType.rawValue,
          reason: reason ?? "holds quantised or packed values"))
    }
    guard tensor.shape == shape else {
      return .failure(
        .wrongShape(
          path: found.file.path, tensor: tensor.name, shape: tensor.shape, expected: shape))
    }
    return .success(found)
  }
}

extension Checkpoint {
  /// The recipes of a layer's routed experts, whether their layout is opened or not; what is wrong
  /// with them where they are none.
  ///
  /// - Precondition: The layer has experts.
  package func recipes(
    ofLayer layer: Int, projection: Projection
  ) -> [MoELayer.FoundWeight] {
    survey.recipes(ofLayer: layer, projection: projection)
  }
}
