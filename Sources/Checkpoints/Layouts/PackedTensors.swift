import JSON
import TensorFiles
import Tensors

/// The packed matrices of a checkpoint that are none of its routed experts, and what stands beside
/// packed values: all that an output of plain numbers has in another form, or lacks.
package struct PackedTensors: Sendable {
  /// The matrices, in the order of their names.
  package private(set) var matrices: [Weight] = []
  /// The tensors beside them and beside packed experts, which mean nothing without packed values.
  package private(set) var companions: Set<String> = []

  /// Finds them by the names that packings have.
  ///
  /// - Parameters:
  ///   - survey: The layers of the checkpoint.
  ///   - experts: The weights of routed experts.
  /// - Throws: ``CheckpointError`` for a tensor that holds packed values and cannot be read.
  init(in survey: LayerSurvey, experts: [Weight]) throws {
    let files = survey.files
    let known = Set(experts.flatMap { $0.sources.map(\.tensor.name) })
    var problem: CheckpointError?
    let names = files.names.sorted()
    let modules = Dictionary(grouping: names) { name in
      name.lastIndex(of: ".").map { name[..<$0] } ?? ""
    }
    for name in names where !known.contains(name) {
      guard let found = try survey.packedMatrix(in: name, modules: modules) else { continue }
      do {
        matrices.append(try found.get())
      } catch {
        problem = problem ?? error
      }
    }
    for weight in experts.filter(\.isPacked) + matrices {
      let name = weight.plainName
      for packing in Packings.all {
        for source in files.companions(of: name, in: packing).values {
          companions.insert(source.tensor.name)
        }
      }
      companions.formUnion(
        ModuleNames(of: name).activationScales.compactMap { files[$0]?.tensor.name })
    }
    let values = Set((experts + matrices).map(\.tensorName))
    companions.subtract(values)
    let read = known.union(values)
    if let problem, !companions.contains(problem.tensorName ?? "") { throw problem }
    for name in names where !read.contains(name) && !companions.contains(name) {
      guard let source = files[name], source.tensor.isLikePacked else { continue }
      throw CheckpointError.unsupported(
        path: source.file.path, tensor: name, elementType: source.tensor.elementType.rawValue,
        reason: "holds quantised or packed values that no packing reads")
    }
  }
}

extension Checkpoint {
  /// Whether config.json or an expert says that weights are quantised.
  package var isQuantised: Bool {
    config.saysQuantised || expertWeights.contains(where: \.isPacked)
  }

  /// The weights of the routed experts of all layers, as far as they can be read.
  package var expertWeights: [Weight] {
    (layers + furtherLayers).flatMap { $0.experts.values.joined() }.compactMap { try? $0.get() }
  }

  /// Finds all packed matrices beside the routed experts, and what stands beside packed values.
  ///
  /// - Throws: ``CheckpointError`` for a tensor that holds packed values and cannot be read, and the
  ///   files' errors.
  /// - Complexity: O(tensors), and a few bytes of each matrix that stores its shape.
  package func packedTensors() throws -> PackedTensors {
    try PackedTensors(in: survey, experts: expertWeights)
  }
}

extension Weight {
  /// The names of the tensors beside the values.
  package var companionNames: [String] { sources.dropFirst().map(\.tensor.name) }

  /// How many shares the tensor of the values has, where experts are stacked there.
  package var stackCount: Int? { expert == nil ? nil : sources[0].tensor.shape.first }

  /// Where it lies when its numbers are plain, if it is a matrix by itself.
  ///
  /// - Precondition: It is no share of a tensor.
  package var ownPlace: MatrixPlace {
    precondition(expert == nil && part == nil, "\(place) is a share of a tensor")
    return MatrixPlace(tensor: plainName, rowCount: rowCount, columnCount: columnCount)
  }
}

extension LayerSurvey {
  /// The packed matrix whose values a tensor holds; what is wrong with it where it cannot be read,
  /// and nil where it holds none.
  ///
  /// The size follows from the tensors alone: of those that such values can have, the one that a
  /// packing accepts.
  ///
  /// - Parameters:
  ///   - name: The name of the tensor.
  ///   - modules: All names, by what stands before their last point.
  /// - Returns: The matrix, or what is wrong with it.
  /// - Throws: The file's error where a stored shape cannot be read.
  fileprivate func packedMatrix(
    in name: String, modules: [Substring: [String]]
  ) throws -> Result<Weight, CheckpointError>? {
    guard let values = files[name], values.tensor.shape.count >= 2,
      !values.tensor.elementType.isDecodable
    else { return nil }
    var problem: CheckpointError?
    for packing in Packings.all {
      for plain in packing.values.compactMap({ $0.plainName(of: name) }) {
        let beside = files.companions(of: plain, in: packing)
        var found: [(sources: PackedSources, weight: Weight)] = []
        for size in try sizes(of: values.tensor, beside: beside, packing) {
          switch read(packing, values, beside, plainName: plain, size: size) {
          case .success(let weight): found.append(weight)
          case .failure(let error): problem = problem ?? error
          case nil: break
          }
        }
        guard let first = found.first else { continue }
        guard found.count == 1 else {
          return .failure(
            .unsupported(
              path: values.file.path, tensor: name,
              elementType: values.tensor.elementType.rawValue,
              reason:
                "holds \(packing.name) values of a matrix of \(TensorDescription.text(of: first.weight.shape)) or \(TensorDescription.text(of: found[1].weight.shape)), and nothing tells which"
            ))
        }
        let names = ModuleNames(of: plain)
        let stray = names.unexplained(in: packing, among: modules[names.module[...]] ?? []) {
          files[$0] != nil
        }
        return stray.map { .failure(first.sources.unexplained($0)) } ?? .success(first.weight)
      }
    }
    return problem.map { .failure($0) }
  }

  /// Reads a matrix of one size as a packing has it; nil where it is none of that packing, or of
  /// another size.
  private func read(
    _ packing: any Packing, _ values: Weight.Source, _ beside: [CompanionRole: Weight.Source],
    plainName: String, size: [Int]
  ) -> Result<(sources: PackedSources, weight: Weight), CheckpointError>? {
    do throws(PackingProblem) {
      let isTransposed = packing.isTransposed
      guard
        let found = try PackedSources(
          packing, values, beside, rowCount: size[isTransposed ? 1 : 0],
          columnCount: size[isTransposed ? 0 : 1], notes: notes), found.isPacked
      else { return nil }
      return .success(
        (
          found,
          Weight(
            found, shape: isTransposed ? size.reversed() : size, plainName: plainName,
            plainIsTransposed: false, numberType: numberType)
        ))
    } catch {
      // Of another size, or of another packing.
      guard case .unsupported(let words, let advice) = error else { return nil }
      return .failure(
        .unsupported(
          path: values.file.path, tensor: values.tensor.name,
          elementType: values.tensor.elementType.rawValue, reason: "holds \(words)",
          advice: advice))
    }
  }

  /// The sizes that a matrix of such values may have, as it is stored: rows and columns.
  private func sizes(
    of values: TensorDescription, beside: [CompanionRole: Weight.Source], _ packing: any Packing
  ) throws -> [[Int]] {
    if let told = try beside[.shape].flatMap({ try $0.integers() })
      ?? beside[.notes].flatMap({ try $0.notedShape() }), told.count == 2,
      told.allSatisfy({ $0 > 0 })
    {
      return [packing.isTransposed ? told.reversed() : told]
    }
    let shape = values.shape
    // No format puts more than sixteen numbers in an element.
    let counts = [1, 2, 4, 8, 16]
    func times(_ a: Int, _ b: Int) -> Int? {
      let (product, overflows) = a.multipliedReportingOverflow(by: b)
      return overflows ? nil : product
    }
    switch shape.count {
    case 2:
      return counts.compactMap { count in times(shape[1], count).map { [shape[0], $0] } }
        + counts.dropFirst().compactMap { count in times(shape[0], count).map { [$0, shape[1]] } }
    case 3: return times(shape[1], 2 * shape[2]).map { [[shape[0], $0]] } ?? []
    default: return []
    }
  }
}

extension Weight.Source {
  /// The whole numbers of a small tensor; nil for other types.
  fileprivate func integers() throws -> [Int]? {
    guard tensor.byteCount <= 64, [.i32, .i64].contains(tensor.elementType) else { return nil }
    var reader = WeightReader()
    let bytes = try reader.elements(of: Weight(file: file, tensor: tensor))
    let width = tensor.elementType.bitCount / 8
    return stride(from: 0, to: bytes.count, by: width).map { start in
      (0..<width).reduce(0) { $0 | Int(bytes[start + $1]) << (8 * $1) }
    }
  }

  /// The shape that a program noted as JSON; nil where it noted none.
  fileprivate func notedShape() throws -> [Int]? {
    guard tensor.elementType == .u8, tensor.byteCount <= 1 << 16 else { return nil }
    var reader = WeightReader()
    let bytes = try reader.elements(of: Weight(file: file, tensor: tensor))
    return (try? JSONValue.parse(bytes))?["shape"]?.arrayValue?.compactMap(\.integerValue)
  }
}

extension TensorDescription {
  /// Whether its type is one that matrices have only where they are packed.
  fileprivate var isLikePacked: Bool {
    shape.count >= 2 && elementType.bitCount <= 8 && elementType != .bool
  }
}

extension CheckpointError {
  /// The tensor that it is about, where that cannot be read.
  fileprivate var tensorName: String? {
    if case .unsupported(_, let tensor, _, _, _) = self { return tensor }
    return nil
  }
}
