public import Checkpoints
import LinearAlgebra
import SafetensorsFiles
import TensorFiles
import Tensors

/// What a conversion will read and write: every tensor of the output and where it comes from.
public struct ConversionPlan: Sendable {
  /// What happens to a unit.
  enum Work: Sendable {
    /// Its whole matrices are split.
    case split
    /// Its parts are put together.
    case merge(SDMoEForm.Unit)
  }

  /// A unit that is converted.
  struct Unit: Sendable {
    let layer: Int
    let projection: Projection
    let work: Work
    /// The whole matrices, or the unique parts, by expert.
    let weights: [Weight]
    /// The names of the whole matrices, by expert.
    let weightNames: [String]
    let names: FactoredNames
    /// The type in which the original stores the matrices.
    let originalType: ElementType
    /// What each expert counts: not negative, one in sum.
    let shares: [Double]

    var name: String { "layer \(layer) \(projection.rawValue)" }
    var fileName: String { "layer-\(layer)-\(projection.rawValue)" }
  }

  /// Where a tensor of the output comes from.
  enum Source: Sendable {
    /// It is copied.
    case carried(file: any TensorFile, tensor: TensorDescription)
    /// It is computed from an expert of a unit.
    case expert(unit: Int, expert: Int)
  }

  /// A tensor of the output's main files.
  struct Output: Sendable {
    let tensor: TensorDescription
    let source: Source
  }

  /// What is converted.
  public let checkpoint: Checkpoint
  /// How it is converted.
  public let options: ConversionOptions
  /// The version of sdmoe.
  public let version: String
  /// Tells this conversion from any other.
  let identity: String
  let fingerprint: String
  let units: [Unit]
  /// The main files, each a list of tensors.
  let shards: [[Output]]
  let files: CarriedFiles

  /// Whether a factored checkpoint is merged.
  public var isMerging: Bool { checkpoint.form != nil }

  /// The number of units that are converted.
  public var unitCount: Int { units.count }

  /// The number of matrices that are converted.
  public var matrixCount: Int { units.reduce(0) { $0 + $1.weights.count } }

  /// The files of the checkpoint's folder that the output will not have.
  public var leftBehind: [String] { files.leftBehind }

  /// Plans a conversion, and checks that all it needs is there; reads headers only.
  ///
  /// - Parameters:
  ///   - checkpoint: An ordinary checkpoint, or a factored one that is to be merged.
  ///   - options: How to convert it; for a factored one only the form, the type and the size of
  ///     files count.
  ///   - version: The version of sdmoe, which the certificate names.
  /// - Throws: ``CheckpointError`` for a tensor that is missing or cannot be read, and
  ///   ``DecouplingError``.
  public init(for checkpoint: Checkpoint, options: ConversionOptions, version: String) throws {
    if let problem = checkpoint.problems.first(where: {
      checkpoint.form == nil ? $0.isOfWholeModel : $0.isOfTensors
    }) {
      throw problem
    }
    if checkpoint.form != nil, options.form == .factored {
      throw DecouplingError.alreadyFactored(path: checkpoint.path)
    }
    self.checkpoint = checkpoint
    self.options = options
    self.version = version
    fingerprint = try checkpoint.fingerprint()
    units = try Self.units(of: checkpoint, options: options)
    if case .fixed(let rank) = options.rank, checkpoint.form == nil {
      for unit in units { try unit.checkRank(rank, in: checkpoint) }
    }
    shards = Self.shards(of: checkpoint, units: units, options: options)
    files = try CarriedFiles(of: checkpoint)
    identity = sha256(
      of: Array(
        "\(version)\n\(fingerprint)\n\(options.text(isMerging: checkpoint.form != nil))".utf8))
  }

  private static func units(
    of checkpoint: Checkpoint, options: ConversionOptions
  ) throws -> [Unit] {
    try checkpoint.layers(numbered: options.layers).flatMap { layer in
      try Projection.allCases.compactMap { projection in
        let part = checkpoint.form?.unit(layer: layer.index, projection: projection)
        if checkpoint.form != nil, part == nil { return nil }
        let weights = try (layer.experts[projection] ?? []).map { try $0.get() }
        let types = Set(weights.map(\.tensor.elementType.rawValue)).sorted()
        guard types.count == 1, let first = weights.first else {
          throw DecouplingError.mixedTypes(
            path: checkpoint.path, layer: layer.index, projection: projection.rawValue,
            types: types)
        }
        return Unit(
          layer: layer.index, projection: projection, work: part.map { .merge($0) } ?? .split,
          weights: weights,
          weightNames: checkpoint.expertWeightNames(ofLayer: layer.index, projection: projection),
          names: FactoredNames(
            start: checkpoint.tensorStart(ofLayer: layer.index), projection: projection),
          originalType: part?.originalType ?? first.tensor.elementType,
          shares: try options.shares(
            ofLayer: layer.index, count: weights.count, path: checkpoint.path))
      }
    }
  }

  private static func shards(
    of checkpoint: Checkpoint, units: [Unit], options: ConversionOptions
  ) -> [[Output]] {
    var experts: [String: (unit: Int, expert: Int)] = [:]
    var parts: Set<String> = []
    for (place, unit) in units.enumerated() {
      for (expert, weight) in unit.weights.enumerated() {
        experts[weight.tensor.name] = (place, expert)
        parts.formUnion(FactoredExpertNames(weight: unit.weightNames[expert]).all)
      }
      parts.formUnion(unit.names.all)
    }
    var shards: [[Output]] = [[]]
    var byteCount = 0
    for file in checkpoint.weightFiles {
      for tensor in file.file.tensors {
        let output: Output
        if let (unit, expert) = experts[tensor.name] {
          output = Output(
            tensor: units[unit].storedTensor(ofExpert: expert, options: options),
            source: .expert(unit: unit, expert: expert))
        } else if checkpoint.form != nil, parts.contains(tensor.name) {
          continue
        } else {
          output = Output(tensor: tensor, source: .carried(file: file.file, tensor: tensor))
        }
        if byteCount + output.tensor.byteCount > options.shardByteCount, byteCount > 0 {
          shards.append([])
          byteCount = 0
        }
        shards[shards.count - 1].append(output)
        byteCount += output.tensor.byteCount
      }
    }
    return shards
  }
}

extension ConversionPlan.Unit {
  /// What the main files hold for an expert.
  func storedTensor(ofExpert expert: Int, options: ConversionOptions) -> TensorDescription {
    let weight = weights[expert].tensor
    let type = options.type.elementType(of: originalType)
    let name =
      options.form == .factored
      ? FactoredExpertNames(weight: weightNames[expert]).unique : weightNames[expert]
    return TensorDescription(
      name: name, elementType: type, shape: weight.shape,
      byteCount: weight.shape.reduce(type.bitCount / 8, *))
  }

  /// The largest common rank that leaves a unique part with k leading directions.
  var largestRank: Int {
    let rank = min(weights[0].rowCount, weights[0].columnCount)
    return rank - leadingCount(fraction: 0.01, rank: rank)
  }

  func checkRank(_ rank: Int, in checkpoint: Checkpoint) throws {
    guard rank > largestRank else { return }
    throw DecouplingError.rankTooLarge(
      path: checkpoint.path, layer: layer, projection: projection.rawValue, rank: rank,
      largest: largestRank)
  }

  func experts(width: Int) -> UnitExperts {
    UnitExperts(weights: weights, shares: shares, width: width)
  }
}

extension CheckpointError {
  /// Whether it contradicts the whole checkpoint, not one tensor.
  fileprivate var isOfWholeModel: Bool {
    if case .unexpectedExperts = self { return true }
    return false
  }

  /// Whether parts that are put together may be wrong for it.
  var isOfTensors: Bool {
    if case .unknownRouting = self { return false }
    return true
  }
}

extension ConversionOptions {
  /// What each expert of a layer counts: not negative, one in sum.
  func shares(ofLayer layer: Int, count: Int, path: String) throws -> [Double] {
    switch weights {
    case .uniform: return [Double](repeating: 1 / Double(count), count: count)
    case .usage(let loads, let source):
      let load = loads[layer] ?? []
      let total = load.reduce(0, +)
      guard load.count == count, total > 0 else {
        throw DecouplingError.noLoad(path: source, layer: layer)
      }
      return load.map { $0 / total }
    }
  }

  /// Everything that changes the output, in one text.
  func text(isMerging: Bool) -> String {
    var lines = ["form \(form.rawValue)", "dtype \(type.rawValue)", "shard \(shardByteCount)"]
    if isMerging { return (lines + ["merge"]).joined(separator: "\n") }
    lines += [
      "rank \(rank)", "bases \(bases.rawValue)", "mode \(mode.rawValue)",
      "cut \(cutsCommonRank)", "sides \(sides.rawValue)", "certificate \(detail.rawValue)",
      "layers \(layers.map { "\($0)" } ?? "all")",
    ]
    switch weights {
    case .uniform: lines.append("uniform")
    case .usage(let loads, _):
      for layer in loads.keys.sorted() { lines.append("usage \(layer) \(loads[layer] ?? [])") }
    }
    return lines.joined(separator: "\n")
  }
}

extension FactoredNames {
  fileprivate var all: [String] { [basisLeft, basisRight, commonLeft, commonRight] }
}

extension FactoredExpertNames {
  fileprivate var all: [String] {
    [unique, remainderLeft, remainderRight, correctionIndex, correctionValue]
  }
}
