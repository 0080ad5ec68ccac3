import Tensors

/// How the files store a matrix, or matrices of many experts as one.
struct PackedSources: Sendable {
  /// The values, and what their codec needs beside them.
  let sources: [Weight.Source]
  /// How their numbers are stored.
  let numbers: StoredNumbers
  /// Whether the inputs stand before the outputs there.
  let isTransposed: Bool
  let packing: any Packing
  /// Whether numbers are packed.
  var isPacked: Bool { numbers.arePacked }
  /// What the codec was made for.
  private let form: PackedMatrix

  /// The experts that one tensor holds.
  struct Stack {
    let count: Int
    /// How many more shares there may be, of which nothing is read: for what has rows in the router
    /// but no weights.
    var emptyCount = 0

    /// Whether the first axis of a tensor counts experts.
    func isAxis(of tensor: TensorDescription) -> Bool {
      guard let first = tensor.shape.first else { return false }
      return first == count || (emptyCount > 0 && first == count + emptyCount)
    }
  }

  /// Reads a matrix as a packing has it; nil where it is none of that packing.
  ///
  /// - Parameters:
  ///   - packing: The packing whose names the tensors have.
  ///   - values: The values.
  ///   - beside: What stands beside them.
  ///   - rowCount: The number of rows of a plain tensor, or of an expert's share of it.
  ///   - columnCount: The number of its columns.
  ///   - isTransposed: Whether the plain tensor has the inputs before the outputs.
  ///   - stack: The experts that the tensors hold; nil where it is a matrix by itself.
  ///   - notes: What config.json says of quantised weights.
  /// - Throws: What is wrong, where it is stored in this way beyond doubt.
  init?(
    _ packing: any Packing, _ values: Weight.Source, _ beside: [CompanionRole: Weight.Source],
    rowCount: Int, columnCount: Int, isTransposed: Bool = false, stack: Stack? = nil,
    notes: QuantizationNotes
  ) throws(PackingProblem) {
    // The axis of experts, where there is one.
    func part(_ source: Weight.Source) -> PackedMatrix.Part {
      let shape = source.tensor.shape
      return PackedMatrix.Part(
        source.tensor.elementType,
        stack?.isAxis(of: source.tensor) == true ? Array(shape.dropFirst()) : shape)
    }
    let form = PackedMatrix(
      rowCount: packing.isTransposed ? columnCount : rowCount,
      columnCount: packing.isTransposed ? rowCount : columnCount,
      values: part(values), companions: beside.mapValues(part),
      hasInputsFirst: isTransposed != packing.isTransposed, notes: notes)
    guard let codec = try packing.codec(of: form) else { return nil }
    let numbers = StoredNumbers(codec, valuesOf: values.tensor.elementType)
    if let transforms = notes.transforms, numbers.arePacked {
      throw .unsupported(
        "values of a matrix that was transformed before (transform_config: \(transforms)), which is not undone"
      )
    }
    if let stack, !stack.isAxis(of: values.tensor) {
      throw .wrongShape(nil, expected: values.tensor.shape)
    }
    // No program stacks what is stored as one column.
    guard let first = values.reshaped(for: codec), stack == nil || codec.valuesAs == nil else {
      throw .unsupported("\(packing.name) values in a shape of their own")
    }
    sources =
      try [first]
      + numbers.companions.map { role throws(PackingProblem) in
        guard var source = beside[role] else { throw .missing(role) }
        source.isShared = stack.map { !$0.isAxis(of: source.tensor) } ?? false
        return source
      }
    self.numbers = numbers
    self.isTransposed = isTransposed != packing.isTransposed
    self.packing = packing
    self.form = form
  }

  /// Another matrix that is stored as one is; nil where their types or shapes differ.
  ///
  /// - Precondition: Neither is one of many in a tensor.
  init?(
    as other: PackedSources, _ values: Weight.Source,
    _ beside: [(role: CompanionRole, source: Weight.Source)]
  ) {
    func isAlike(_ source: Weight.Source, _ part: PackedMatrix.Part?) -> Bool {
      source.tensor.elementType == part?.elementType && source.tensor.shape == part?.shape
    }
    guard isAlike(values, other.form.values), beside.count == other.form.companions.count,
      beside.allSatisfy({ isAlike($0.source, other.form.companions[$0.role]) }),
      let first = values.reshaped(for: other.numbers.codec)
    else { return nil }
    var sources = [first]
    for role in other.numbers.companions {
      if let place = beside.firstIndex(where: { $0.role == role }) {
        sources.append(beside[place].source)
      }
    }
    self.sources = sources
    numbers = other.numbers
    isTransposed = other.isTransposed
    packing = other.packing
    form = other.form
  }
}

extension Weight {
  /// A matrix of what the files store, or a share of it.
  ///
  /// - Parameters:
  ///   - found: How it is stored.
  ///   - shape: Its rows and columns.
  ///   - expert: The place along the first axis, where experts are stacked there.
  ///   - part: The share of the outputs, where two projections are stored as one.
  ///   - plainName: The name of the tensor where its numbers are plain.
  ///   - plainIsTransposed: Whether that has the inputs before the outputs.
  ///   - numberType: The type of its numbers.
  init(
    _ found: PackedSources, shape: [Int], expert: Int? = nil, part: WeightPart? = nil,
    plainName: String, plainIsTransposed: Bool, numberType: ElementType
  ) {
    self.init(
      rowCount: shape[0], columnCount: shape[1], sources: found.sources, expert: expert,
      part: part, isTransposed: found.isTransposed, plainIsTransposed: plainIsTransposed,
      numbers: found.numbers, plainName: plainName, numberType: numberType)
  }
}

/// The matrices of a layer's experts that are stored as one of them is.
///
/// The census knows where their tensors lie, so that no names are put together and looked up: there
/// are tens of thousands of them.
final class AlikeExperts {
  private let first: PackedSources
  private let files: WeightFiles
  private let values: [Int: WeightFiles.Place]
  /// By the names that the companions may have, the first before the second.
  private let companions: [(role: CompanionRole, tables: [[Int: WeightFiles.Place]])]

  /// Prepares for the experts of a layer; nil where values stand under more than one kind of name.
  ///
  /// - Parameters:
  ///   - first: How the matrix of one of them is stored.
  ///   - pattern: The names of plain tensors inside the MoE block.
  ///   - stored: How the projection is laid out.
  ///   - found: The experts.
  ///   - survey: Knows where tensors lie.
  init?(
    _ first: PackedSources, of pattern: String, stored: StoredProjection,
    among found: LayerExperts, in survey: LayerSurvey
  ) {
    func places(_ name: String) -> [Int: WeightFiles.Place] {
      survey.census.places(ofLayer: found.layerStart, named: nameInLayer(name, block: found.block))
    }
    let present = Set(stored.names).map(places).filter { !$0.isEmpty }
    guard present.count == 1 else { return nil }
    self.first = first
    files = survey.files
    values = present[0]
    companions = first.packing.companions.map { role, endings in
      (role, endings.compactMap { $0.name(of: pattern) }.map(places).filter { !$0.isEmpty })
    }
  }

  /// How the matrix of an expert is stored; nil where it is not as that one.
  subscript(expert: Int) -> PackedSources? {
    guard let place = values[expert] else { return nil }
    var beside: [(role: CompanionRole, source: Weight.Source)] = []
    for (role, tables) in companions {
      guard let place = tables.lazy.compactMap({ $0[expert] }).first else { continue }
      beside.append((role, files.source(at: place)))
    }
    return PackedSources(as: first, files.source(at: place), beside)
  }
}
