package import Experts
import Tensors

extension LayerSurvey {
  /// The weights of a layer's routed experts as recipes, in the order of the experts.
  func recipes(
    of projection: Projection, stored: StoredProjection, among found: LayerExperts,
    isFactored: Bool
  ) -> [MoELayer.FoundWeight] {
    let shape = projection.shape(hiddenSize: hiddenSize, width: expertWidth)
    let plain = catalogue.plain(found.layout)[projection]
    let pattern = isFactored ? FactoredExpertNames.unique(of: stored.tensor) : stored.tensor
    func weight(of expert: Int, _ found: PackedSources, name: String) -> Weight {
      Weight(
        found, shape: shape, expert: stored.isStacked ? expert : nil, part: stored.part,
        plainName: name, plainIsTransposed: (plain ?? stored).isTransposed, numberType: numberType)
    }
    if stored.isStacked {
      // One tensor, and what is wrong with it is wrong for all.
      let name = found.name(pattern)
      let stack = packed(name, stored: stored, shape: shape, stackOf: found.count).flatMap {
        explained($0, pattern: pattern, among: found)
      }
      let plainName = files.storedName(name)
      return found.numbers.map { expert in stack.map { weight(of: expert, $0, name: plainName) } }
    }
    // All experts of a layer are stored alike, as a rule.
    var alike: AlikeExperts?
    let parts = found.name(pattern).split(separator: "{E}", omittingEmptySubsequences: false)
    return found.numbers.map { expert in
      let name = parts.joined(separator: "\(expert)")
      let result =
        alike?[expert].map { .success($0) }
        ?? packed(name, stored: stored, shape: shape).flatMap {
          explained($0, pattern: pattern, among: found)
        }
      if alike == nil, case .success(let first) = result {
        alike = AlikeExperts(first, of: pattern, stored: stored, among: found, in: self)
      }
      return result.map { weight(of: expert, $0, name: files.storedName(name)) }
    }
  }

  /// Packed values again, unless a tensor stands beside them that nothing here reads: it may change
  /// what the model multiplies with.
  private func explained(
    _ sources: PackedSources, pattern: String, among found: LayerExperts
  ) -> Result<PackedSources, CheckpointError> {
    guard sources.isPacked else { return .success(sources) }
    func example(_ name: String) -> String? {
      census.example(ofLayer: found.layerStart, named: name)
    }
    let stray = ModuleNames(of: nameInLayer(pattern, block: found.block))
      .unexplained(in: sources.packing, among: census.names(ofLayer: found.layerStart)) {
        example($0) != nil
      }.flatMap(example)
    // The names of GGUF are none of the family's, so that the census does not know it.
    let factor = files.storedName(found.name(pattern)).replacing(/\.weight$/, with: ".scale")
    let isFactored = sources.packing is GGUFBlocks && files[factor] != nil
    return (isFactored ? factor : stray).map { .failure(sources.unexplained($0)) }
      ?? .success(sources)
  }

  /// Where the matrices of a layer's routed experts lie when their numbers are plain, in the order
  /// of the experts.
  func places(ofLayer index: Int, projection: Projection) -> [MatrixPlace] {
    let found = experts(ofLayer: index)
    guard let stored = catalogue.plain(found.layout)[projection] else { return [] }
    let shape = projection.shape(hiddenSize: hiddenSize, width: expertWidth)
    return found.numbers.map { expert in
      let name = found.name(stored.tensor.replacing("{E}", with: "\(expert)"))
      return MatrixPlace(
        tensor: storedWeightName(name), rowCount: shape[0], columnCount: shape[1],
        expert: stored.isStacked ? (expert, found.count) : nil, isFlat: stored.isFlat,
        part: stored.part, isTransposed: stored.isTransposed)
    }
  }

  /// Finds a matrix of one tensor, plain or packed.
  ///
  /// - Parameters:
  ///   - name: The name of the plain tensor.
  ///   - shape: Its shape.
  ///   - isTransposed: Whether that has the inputs before the outputs.
  ///   - firstRows: How many of the outputs the weight has, which stand first; nil for all.
  /// - Returns: The weight; what is wrong where there is none.
  func weight(
    _ name: String, shape: [Int], isTransposed: Bool = false, firstRows: Int? = nil
  ) -> MoELayer.FoundWeight {
    packed(name, rowCount: shape[0], columnCount: shape[1], isTransposed: isTransposed).map {
      found in
      let outputsFirst = isTransposed ? shape.reversed() : shape
      return Weight(
        found, shape: [firstRows ?? outputsFirst[0], outputsFirst[1]],
        plainName: files.storedName(name), plainIsTransposed: isTransposed, numberType: numberType)
    }
  }

  /// Finds a plain vector.
  func vector(_ name: String, count: Int) -> MoELayer.FoundWeight {
    guard let found = files[name] else { return .failure(missing(name)) }
    guard found.tensor.elementType.isDecodable else {
      return .failure(
        .unsupported(
          path: found.file.path, tensor: found.tensor.name,
          elementType: found.tensor.elementType.rawValue, reason: "stands where numbers should"))
    }
    guard found.tensor.shape == [count] else {
      return .failure(
        .wrongShape(
          path: found.file.path, tensor: found.tensor.name, shape: found.tensor.shape,
          expected: [count]))
    }
    return .success(Weight(file: found.file, tensor: found.tensor))
  }

  /// Finds the weight of a shared expert.
  func sharedWeight(
    _ name: String, of projection: Projection, width: Int, stored: StoredProjection
  ) -> MoELayer.FoundWeight {
    let shape = projection.shape(hiddenSize: hiddenSize, width: width)
    return packed(name, stored: stored, shape: shape).map { found in
      Weight(
        found, shape: shape, part: stored.part, plainName: files.storedName(name),
        plainIsTransposed: stored.isTransposed, numberType: numberType)
    }
  }

  /// Finds out how the matrix of an expert is stored, or those of all in one tensor.
  ///
  /// - Parameters:
  ///   - name: The name that a plain tensor would have.
  ///   - stored: How it is laid out.
  ///   - shape: The rows and columns of one projection of one expert.
  ///   - count: How many experts the tensor holds; nil where each has its own.
  /// - Returns: How it is stored; what is wrong where it cannot be read.
  func packed(
    _ name: String, stored: StoredProjection, shape: [Int], stackOf count: Int? = nil
  ) -> Result<PackedSources, CheckpointError> {
    let outputCount = shape[0] * (stored.part == nil ? 1 : 2)
    return packed(
      name, rowCount: stored.isTransposed ? shape[1] : outputCount,
      columnCount: stored.isTransposed ? outputCount : shape[1],
      isTransposed: stored.isTransposed, stackOf: count, isFlat: stored.isFlat,
      allowed: stored.allows)
  }

  /// Finds out how a matrix is stored.
  ///
  /// - Parameters:
  ///   - name: The name that a plain tensor would have.
  ///   - rowCount: The number of rows of that tensor, or of an expert's share of it.
  ///   - columnCount: The number of its columns.
  ///   - isTransposed: Whether the plain tensor has the inputs before the outputs.
  ///   - count: How many experts it holds; nil where it is a matrix by itself.
  ///   - isFlat: Whether their rows are counted in one axis.
  ///   - allowed: Whether a packing can be meant.
  /// - Returns: How it is stored; what is wrong where it cannot be read.
  private func packed(
    _ name: String, rowCount: Int, columnCount: Int, isTransposed: Bool, stackOf count: Int? = nil,
    isFlat: Bool = false, allowed: (any Packing) -> Bool = { _ in true }
  ) -> Result<PackedSources, CheckpointError> {
    let present = files.packed(name).filter { allowed($0.packing) }
    guard let first = present.first else { return .failure(missing(name)) }
    let found = present.compactMap {
      packing, values -> Result<PackedSources, CheckpointError>? in
      let beside = files.companions(of: name, in: packing)
      do throws(PackingProblem) {
        return try PackedSources(
          packing, isFlat ? values.stacked(count) : values, beside, rowCount: rowCount,
          columnCount: columnCount, isTransposed: isTransposed,
          stack: count.map { PackedSources.Stack(count: $0, emptyCount: otherRouterRows) },
          notes: notes
        ).map { .success($0) }
      } catch {
        return .failure(
          problem(
            error, packing, of: { $0.flatMap { beside[$0] } ?? values },
            stack: count.map { [$0] } ?? []))
      }
    }
    let sound = found.compactMap { try? $0.get() }
    guard let chosen = sound.first else {
      return found.first
        ?? .failure(
          .unsupported(
            path: first.values.file.path, tensor: first.values.tensor.name,
            elementType: first.values.tensor.elementType.rawValue,
            reason: "holds quantised or packed values\(neighbours(of: name))"))
    }
    if let other = sound.first(where: { $0.sources[0].tensor != chosen.sources[0].tensor }) {
      return .failure(
        .storedTwice(
          path: chosen.sources[0].file.path, tensor: chosen.sources[0].tensor.name,
          other: other.sources[0].tensor.name))
    }
    return .success(chosen)
  }

  /// What is wrong with a matrix that is packed in a known way, for users.
  private func problem(
    _ problem: PackingProblem, _ packing: any Packing,
    of source: (CompanionRole?) -> Weight.Source, stack: [Int]
  ) -> CheckpointError {
    func unsupported(
      _ role: CompanionRole?, _ reason: String, advice: String? = nil
    ) -> CheckpointError {
      .unsupported(
        path: source(role).file.path, tensor: source(role).tensor.name,
        elementType: source(role).tensor.elementType.rawValue, reason: reason, advice: advice)
    }
    switch problem {
    case .wrongShape(nil, let expected):
      return .wrongShape(
        path: source(nil).file.path, tensor: source(nil).tensor.name,
        shape: source(nil).tensor.shape, expected: stack + expected)
    case .wrongShape(let role?, let expected):
      // config.json gives no shapes of what stands beside values.
      let shapes = [source(role).tensor.shape, stack + expected].map(TensorDescription.text)
      return unsupported(role, "is \(shapes[0]) where \(packing.name) has \(shapes[1])")
    case .wrongType(let role, let expected):
      let types = expected.map(\.rawValue).joined(separator: " or ")
      return unsupported(role, "stands where \(packing.name) has \(types)")
    case .missing(let role):
      return unsupported(nil, "holds \(packing.name) values without their \(role.rawValue)")
    case .unsupported(let words, let advice):
      return unsupported(nil, "holds \(words)", advice: advice)
    }
  }

  /// What stands beside the values of a matrix, in words.
  private func neighbours(of name: String) -> String {
    let names = Set(
      Packings.all.flatMap { packing in
        files.companions(of: name, in: packing).values.map(\.tensor.name)
      }
    ).sorted()
    return names.isEmpty
      ? "" : ", with \(names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")) beside it"
  }
}

extension Checkpoint {
  /// The recipes of a layer's routed experts; what is wrong with them where they are none.
  ///
  /// - Precondition: The layer has experts.
  package func recipes(
    ofLayer layer: Int, projection: Projection
  ) -> [MoELayer.FoundWeight] {
    survey.recipes(ofLayer: layer, projection: projection)
  }
}
