import Checkpoints
import Experts
import Tensors

/// What a conversion decodes of a quantised checkpoint, and what it drops: nothing of the output is
/// packed, whichever layers are converted.
struct Decoding: Sendable {
  /// Packed experts of all layers, with their places where numbers are plain.
  private let experts: [OutputTensor.Decoded]
  /// All other packed matrices.
  private let others: [Weight]
  /// The tensors that stand beside packed values.
  let companions: Set<String>
  /// The text of config.json for plain weights.
  let config: ModelConfig
  /// The keys of config.json that the output lacks.
  let removedKeys: [String]

  /// Finds all that is packed; nil where the checkpoint has plain numbers.
  ///
  /// - Throws: `CheckpointError` for packed values that cannot be read,
  ///   ``DecouplingError/furtherShares(path:tensor:count:expertCount:)``.
  init?(of checkpoint: Checkpoint) throws {
    guard checkpoint.isQuantised else { return nil }
    var experts: [OutputTensor.Decoded] = []
    for layer in checkpoint.layers + checkpoint.furtherLayers {
      for projection in Projection.allCases {
        let found = layer.experts[projection] ?? []
        let places = checkpoint.expertPlaces(ofLayer: layer.index, projection: projection)
        for (found, place) in zip(found, places) {
          // What cannot be read is refused below where it is packed.
          guard let weight = try? found.get(), weight.isPacked else { continue }
          try weight.requireWholeTensor(for: place)
          experts.append(OutputTensor.Decoded(weight: weight, place: place))
        }
      }
    }
    let packed = try checkpoint.packedTensors()
    self.experts = experts
    others = packed.matrices
    companions = packed.companions
    (config, removedKeys) = try checkpoint.config.withoutQuantisation()
  }

  /// The matrices that are only decoded, because no unit has them.
  func matrices(besides units: [ConvertedUnit]) -> [OutputTensor.Decoded] {
    let converted = Set(units.flatMap { $0.weights.map(\.name) })
    return experts.filter { !converted.contains($0.weight.name) }
      + others.map { OutputTensor.Decoded(weight: $0, place: $0.ownPlace) }
  }

  /// All packed matrices, by what an output that only decodes them calls them.
  var sources: [String: Weight] {
    Dictionary(
      matrices(besides: []).map { ($0.place.name, $0.weight) },
      uniquingKeysWith: { first, _ in first })
  }

  /// What the certificate tells of it.
  func certified() -> DecodedTensors {
    let all = experts.map(\.weight) + others
    return DecodedTensors(
      matrices: Dictionary(grouping: all, by: \.storage).mapValues(\.count),
      types: Set(all.map(\.elementType.rawValue)).sorted(),
      dropped: Dictionary(grouping: companions) { name in
        name.split(separator: ".").last.map(String.init) ?? name
      }.mapValues(\.count), configKeys: removedKeys)
  }
}
