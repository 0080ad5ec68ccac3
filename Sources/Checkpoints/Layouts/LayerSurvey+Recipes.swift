package import Experts
import Tensors

extension LayerSurvey {
  /// The weights of a layer's routed experts as recipes, in the order of the experts.
  func recipes(
    of projection: Projection, stored: StoredProjection, among found: LayerExperts,
    isFactored: Bool
  ) -> [MoELayer.FoundWeight] {
    // All experts of a layer are packed alike, as a rule: what one has is tried first.
    var usual: (any Packing)?
    let parts = stored.tensor.split(separator: "{E}", omittingEmptySubsequences: false)
    return found.numbers.map { expert in
      let name = found.name(parts.joined(separator: "\(expert)"))
      return recipe(
        of: projection, width: expertWidth, expert: expert, of: found.count, stored: stored,
        plain: catalogue.plain(found.layout)[projection],
        name: isFactored ? FactoredExpertNames.unique(of: name) : name, usual: &usual)
    }
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
    var usual: (any Packing)?
    return packed(
      name, rowCount: shape[0], columnCount: shape[1], isTransposed: isTransposed, usual: &usual
    ).map { found in
      Weight(
        rowCount: firstRows ?? (isTransposed ? shape[1] : shape[0]),
        columnCount: isTransposed ? shape[0] : shape[1], sources: found.sources,
        isTransposed: found.isTransposed, plainIsTransposed: isTransposed, codec: found.codec,
        plainName: files.storedName(name), numberType: numberType)
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

  /// The recipe of one expert of some width, routed or shared.
  func recipe(
    of projection: Projection, width: Int, expert: Int, of count: Int, stored: StoredProjection,
    plain: StoredProjection? = nil, name: String, usual: inout (any Packing)?
  ) -> MoELayer.FoundWeight {
    let shape = projection.shape(hiddenSize: hiddenSize, width: width)
    let outputCount = shape[0] * (stored.part == nil ? 1 : 2)
    return packed(
      name, rowCount: stored.isTransposed ? shape[1] : outputCount,
      columnCount: stored.isTransposed ? outputCount : shape[1],
      isTransposed: stored.isTransposed, stackOf: stored.isStacked ? count : nil,
      isFlat: stored.isFlat, allowed: stored.allows, usual: &usual
    ).map { found in
      Weight(
        rowCount: shape[0], columnCount: shape[1], sources: found.sources,
        expert: stored.isStacked ? expert : nil, part: stored.part,
        isTransposed: found.isTransposed,
        plainIsTransposed: (plain ?? stored).isTransposed, codec: found.codec,
        plainName: files.storedName(name), numberType: numberType)
    }
  }

  /// A matrix as the files have it.
  private struct Packed {
    /// The values, and what their codec needs beside them.
    let sources: [Weight.Source]
    let codec: any Codec
    /// Whether the inputs stand before the outputs there.
    let isTransposed: Bool
    let packing: any Packing
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
  ///   - usual: The packing that is tried first; that of this matrix afterwards.
  /// - Returns: How it is stored; what is wrong where it cannot be read.
  private func packed(
    _ name: String, rowCount: Int, columnCount: Int, isTransposed: Bool, stackOf count: Int? = nil,
    isFlat: Bool = false, allowed: (any Packing) -> Bool = { _ in true },
    usual: inout (any Packing)?
  ) -> Result<Packed, CheckpointError> {
    func read(
      _ packing: any Packing, _ values: Weight.Source
    ) -> Result<Packed, CheckpointError>? {
      self.read(
        packing, isFlat ? values.stacked(count) : values, name, rowCount: rowCount,
        columnCount: columnCount, isTransposed: isTransposed, count: count)
    }
    if let packing = usual, files.hasOneForm(name),
      let values = files.values(of: name, in: packing),
      case .success(let found)? = read(packing, values)
    {
      return .success(found)
    }
    let present = files.packed(name).filter { allowed($0.packing) }
    guard let first = present.first else { return .failure(missing(name)) }
    let found = present.compactMap { read($0.packing, $0.values) }
    let sound = found.compactMap { try? $0.get() }
    guard let chosen = sound.first else {
      return found.first
        ?? .failure(
          .unsupported(
            path: first.values.file.path, tensor: first.values.tensor.name,
            elementType: first.values.tensor.elementType.rawValue,
            reason: "holds quantised or packed values\(neighbours(of: first.values, name))"))
    }
    if let other = sound.first(where: { $0.sources[0].tensor != chosen.sources[0].tensor }) {
      return .failure(
        .storedTwice(
          path: chosen.sources[0].file.path, tensor: chosen.sources[0].tensor.name,
          other: other.sources[0].tensor.name))
    }
    usual = chosen.packing
    return .success(chosen)
  }

  /// Reads a matrix as one packing has it; nil where it is none of that packing.
  private func read(
    _ packing: any Packing, _ values: Weight.Source, _ name: String, rowCount: Int,
    columnCount: Int, isTransposed: Bool, count: Int?
  ) -> Result<Packed, CheckpointError>? {
    let beside = files.companions(of: name, in: packing)
    // The axis of experts, where there is one.
    func inner(_ source: Weight.Source) -> [Int] {
      let shape = source.tensor.shape
      return holdsStack(source.tensor, of: count) ? Array(shape.dropFirst()) : shape
    }
    func source(_ role: CompanionRole?) -> Weight.Source { role.flatMap { beside[$0] } ?? values }
    let stored = PackedMatrix(
      rowCount: packing.isTransposed ? columnCount : rowCount,
      columnCount: packing.isTransposed ? rowCount : columnCount,
      values: PackedMatrix.Part(values.tensor.elementType, inner(values)),
      companions: beside.mapValues { PackedMatrix.Part($0.tensor.elementType, inner($0)) },
      notes: notes)
    do throws(PackingProblem) {
      guard let codec = try packing.codec(of: stored) else { return nil }
      if count != nil, !holdsStack(values.tensor, of: count) {
        throw .wrongShape(nil, expected: values.tensor.shape)
      }
      // No program stacks what is stored as one column.
      guard let first = values.reshaped(for: codec), count == nil || codec.valuesAs == nil else {
        throw .unsupported("\(packing.name) values in a shape of their own")
      }
      var sources = [first]
      for role in codec.companions {
        guard var source = beside[role] else { throw .missing(role) }
        source.isShared = count != nil && !holdsStack(source.tensor, of: count)
        sources.append(source)
      }
      return .success(
        Packed(
          sources: sources, codec: codec, isTransposed: isTransposed != packing.isTransposed,
          packing: packing))
    } catch {
      return .failure(
        problem(error, packing, of: source, stack: count.map { [$0] } ?? []))
    }
  }

  /// Whether the first axis of a tensor counts experts; there may be a share, of which nothing is
  /// read, for what has rows in the router but no weights.
  private func holdsStack(_ tensor: TensorDescription, of count: Int?) -> Bool {
    guard let count, let first = tensor.shape.first else { return false }
    return first == count || (otherRouterRows > 0 && first == count + otherRouterRows)
  }

  /// What is wrong with a matrix that is packed in a known way, for users.
  private func problem(
    _ problem: PackingProblem, _ packing: any Packing,
    of source: (CompanionRole?) -> Weight.Source, stack: [Int]
  ) -> CheckpointError {
    func unsupported(_ role: CompanionRole?, _ reason: String) -> CheckpointError {
      .unsupported(
        path: source(role).file.path, tensor: source(role).tensor.name,
        elementType: source(role).tensor.elementType.rawValue, reason: reason)
    }
    switch problem {
    case .wrongShape(let role, let expected):
      return .wrongShape(
        path: source(role).file.path, tensor: source(role).tensor.name,
        shape: source(role).tensor.shape, expected: stack + expected)
    case .wrongType(let role, let expected):
      let types = expected.map(\.rawValue).joined(separator: " or ")
      return unsupported(role, "stands where \(packing.name) has \(types)")
    case .missing(let role):
      return unsupported(nil, "holds \(packing.name) values without their \(role.rawValue)")
    case .unsupported(let words): return unsupported(nil, "holds \(words)")
    }
  }

  /// What stands beside the values of a matrix, in words.
  private func neighbours(of values: Weight.Source, _ name: String) -> String {
    let stem = files.storedName(name)
    let names = files.names.filter { $0.hasPrefix(stem) && $0 != values.tensor.name }.sorted()
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
