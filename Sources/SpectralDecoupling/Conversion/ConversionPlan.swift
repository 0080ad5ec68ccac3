public import Checkpoints
import Experts
import Files
import LinearAlgebra
import SafetensorsFiles
import Tensors

/// What a conversion will read and write: every tensor of the output and where it comes from.
public struct ConversionPlan: Sendable {
  /// What is converted.
  public let checkpoint: Checkpoint
  /// How it is converted.
  public let options: ConversionOptions
  /// The version of sdmoe.
  public let version: String
  /// Tells this conversion from any other.
  let identity: String
  let fingerprint: String
  let units: [ConvertedUnit]
  /// The main files, each a list of tensors.
  let shards: [[OutputTensor]]
  /// What is decoded and dropped of a quantised checkpoint; nil for one of plain numbers.
  let decoding: Decoding?
  let files: CarriedFiles

  /// Whether a factored checkpoint is merged.
  public var isMerging: Bool { checkpoint.form != nil }

  /// The number of units that are converted.
  public var unitCount: Int { units.count }

  /// The number of matrices that are converted.
  public var matrixCount: Int { units.reduce(0) { $0 + $1.weights.count } }

  /// What is decoded and dropped; nil where the checkpoint has plain numbers.
  public var decoded: DecodedTensors? { decoding?.certified() }

  /// The files of the checkpoint's folder that the output will not have.
  public var leftBehind: [String] { files.leftBehind }

  /// Plans a conversion, and checks that all it needs is there; reads headers only.
  ///
  /// - Parameters:
  ///   - checkpoint: An ordinary checkpoint, or a factored one that is to be merged.
  ///   - options: How to convert it; for a factored one only the form, the type and the size of
  ///     files count.
  ///   - version: The version of sdmoe, which the certificate names.
  /// - Throws: `CheckpointError` for a tensor that is missing or cannot be read, and
  ///   ``DecouplingError``.
  public init(for checkpoint: Checkpoint, options: ConversionOptions, version: String) throws {
    guard !checkpoint.isGGUF else { throw DecouplingError.readOnlyFormat(path: checkpoint.path) }
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
    decoding = try Decoding(of: checkpoint)
    shards = try Self.shards(of: checkpoint, units: units, options: options, decoding: decoding)
    files = try CarriedFiles(of: checkpoint, isDecoded: decoding != nil)
    identity = sha256(
      of: Array(
        "\(version), layout 2\n\(try checkpoint.structure())\n\(options.text(isMerging: checkpoint.form != nil))"
          .utf8))
  }

  private static func units(
    of checkpoint: Checkpoint, options: ConversionOptions
  ) throws -> [ConvertedUnit] {
    // What is factored is merged, past the decoder's layers too.
    let numbers = checkpoint.form.map { $0.units.map(\.layer) } ?? options.layers
    return try checkpoint.layers(numbered: numbers).flatMap { layer in
      try Projection.allCases.compactMap { projection in
        let part = checkpoint.form?.unit(layer: layer.index, projection: projection)
        if checkpoint.form != nil, part == nil { return nil }
        guard let found = layer.experts[projection] else { return nil }
        // Experts are numbered from 0 in certificates and in the factored layout.
        guard layer.expertNumbers.elementsEqual(0..<layer.expertNumbers.count) else {
          throw DecouplingError.scatteredExperts(
            path: checkpoint.path, layer: layer.index, width: checkpoint.sizes.expertWidth,
            experts: layer.expertNumbers)
        }
        let weights = try found.map { try $0.get() }
        let types = Set(weights.map(\.elementType.rawValue)).sorted()
        guard types.count == 1, let first = weights.first else {
          throw DecouplingError.mixedTypes(
            path: checkpoint.path, unit: UnitKey(layer: layer.index, projection: projection),
            types: types)
        }
        let places = checkpoint.expertPlaces(ofLayer: layer.index, projection: projection)
        for (weight, place) in zip(weights, places) { try weight.requireWholeTensor(for: place) }
        return ConvertedUnit(
          layer: layer.index, projection: projection, work: part.map { .merge($0) } ?? .split,
          weights: weights,
          weightNames: checkpoint.expertWeightNames(ofLayer: layer.index, projection: projection),
          places: places,
          names: FactoredNames(
            start: checkpoint.tensorStart(ofLayer: layer.index), projection: projection),
          originalType: part?.originalType ?? first.elementType,
          shares: try options.shares(
            ofLayer: layer.index, count: weights.count, path: checkpoint.path))
      }
    }
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
  var all: [String] { [basisLeft, basisRight, commonLeft, commonRight] }
}

extension FactoredExpertNames {
  var all: [String] {
    [unique, remainderLeft, remainderRight, correctionIndex, correctionValue]
  }
}
