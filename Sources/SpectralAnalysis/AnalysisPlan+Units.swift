import Captures
import Checkpoints
import Findings
import Tensors

/// A matrix that a unit reads, under the name that tables give it.
struct UnitMember: Sendable {
  let name: String
  let isShared: Bool
  let weight: Result<Weight, any Error>

  /// The size of the stored matrix, 0 where it cannot be read.
  var byteCount: Int { (try? weight.get())?.tensor.byteCount ?? 0 }
}

extension AnalysisPlan.Unit {
  /// The unit of a layer and subject; nil where no analysis measures it.
  init?(
    layer: MoELayer, subject: AnalysisPlan.Subject, options: AnalysisOptions,
    inputs: AnalysisInputs
  ) {
    self.layer = layer
    self.subject = subject
    switch subject {
    case .weights(let projection):
      analyses = options.analyses.filter {
        !$0.isOfLayer && $0 != .gradients && (projection.hiddenSideIsRight || !$0.needsInputSide)
      }
      space = DirectionSpace(of: projection, layer: layer.index, in: inputs.checkpoint)
      record = RunManifest.Unit(
        layer: layer.index, projection: projection.rawValue, commonRank: space.commonRank)
      members = Self.weights(of: projection, in: layer)
    case .gradients(let projection):
      guard let gradients = inputs.gradients else { return nil }
      space = DirectionSpace(ofWhole: inputs.checkpoint.sizes)
      analyses = options.analyses.filter { $0 == .gradients }
      record = RunManifest.Unit(
        layer: layer.index, projection: projection.rawValue, subject: .gradients)
      members = Self.weights(of: projection, in: layer).map { member in
        UnitMember(
          name: member.name, isShared: member.isShared,
          weight: Result { try gradients.gradient(of: try member.weight.get()) })
      }
    case .activations:
      space = DirectionSpace(ofWhole: inputs.checkpoint.sizes)
      analyses = options.analyses.filter(\.isOfLayer)
      record = RunManifest.Unit(layer: layer.index, projection: nil, subject: .activations)
      members = []
    }
    if analyses.isEmpty { return nil }
  }

  /// All weights of a projection, those with problems too: routed experts by index, then the
  /// shared one.
  private static func weights(of projection: Projection, in layer: MoELayer) -> [UnitMember] {
    let routed = (layer.experts[projection] ?? []).enumerated().map {
      UnitMember(
        name: String($0.offset), isShared: false, weight: $0.element.mapError { $0 as any Error })
    }
    guard let shared = layer.shared[projection] else { return routed }
    return routed + [
      UnitMember(
        name: "shared", isShared: true, weight: shared.mapError { $0 as any Error })
    ]
  }
}

extension GradientFile {
  /// The gradient of a weight.
  fileprivate func gradient(of weight: Weight) throws -> Weight {
    let name = weight.tensor.name
    guard let tensor = tensor(named: name) else {
      throw reasonForSkipping(name).map {
        AnalysisError.gradientNotRead(path: path, tensor: name, reason: $0)
      } ?? .gradientMissing(path: path, tensor: name)
    }
    guard tensor.elementType.isDecodable else {
      throw AnalysisError.gradientType(
        path: path, tensor: tensor.name, elementType: tensor.elementType.rawValue)
    }
    return Weight(file: file, tensor: tensor)
  }
}
