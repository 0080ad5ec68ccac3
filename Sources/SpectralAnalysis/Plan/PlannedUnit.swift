import Captures
import Checkpoints
import Experts
import Findings
import Tensors

/// A matrix that a unit reads, under the name that tables give it.
struct UnitMember: Sendable {
  let name: ExpertName
  let weight: Result<Weight, any Error>

  /// The size of the stored matrix, 0 where it cannot be read.
  var byteCount: Int { (try? weight.get())?.byteCount ?? 0 }
}

/// One piece of an analysis: what it is about, what is measured of it, and what it reads.
struct PlannedUnit: Sendable {
  let layer: MoELayer
  /// What the run folder says of it.
  let record: RunUnit
  /// The analyses that measure this unit.
  let analyses: [Analysis]
  /// The matrices that the unit reads.
  let members: [UnitMember]
  /// Where the directions of its routed experts live.
  let space: DirectionSpace
  /// The dimension of the hidden side of whole matrices, as a shared expert's are.
  let wholeDimension: Int

  var key: UnitKey { record.key }

  /// The analyses of matrices among those of the unit.
  var matrixAnalyses: [any MatrixAnalysis] {
    analyses.compactMap { $0.kind as? any MatrixAnalysis }
  }

  /// Whether an analysis of the unit needs all directions of its experts.
  var needsAllDirections: Bool { matrixAnalyses.contains(where: \.needsAllDirections) }

  /// Plans a unit; nil where no analysis measures it.
  init?(_ key: UnitKey, layer: MoELayer, options: AnalysisOptions, inputs: AnalysisInputs) {
    let checkpoint = inputs.checkpoint
    self.layer = layer
    wholeDimension = checkpoint.sizes.hiddenSize
    analyses = options.analyses.filter { analysis in
      guard let matrices = analysis.kind as? any MatrixAnalysis else {
        return key.projection == nil
      }
      return matrices.subject == key.subject
        && (key.projection?.hiddenSideIsRight == true || !matrices.needsInputSide)
    }
    if analyses.isEmpty { return nil }
    var space = DirectionSpace(ofWhole: checkpoint.sizes)
    var members: [UnitMember] = []
    if let projection = key.projection {
      members = Self.weights(of: projection, in: layer)
      switch key.subject {
      case .weights:
        space = DirectionSpace(of: projection, layer: layer.index, in: checkpoint)
      case .gradients:
        guard let gradients = inputs.gradients else { return nil }
        members = members.map { member in
          UnitMember(
            name: member.name,
            weight: Result { try gradients.gradient(of: try member.weight.get()) })
        }
      case .activations: return nil
      }
    }
    self.space = space
    self.members = members
    record = RunUnit(key, commonRank: space.commonRank)
  }

  /// All weights of a projection, those with problems too: routed experts by index, then the
  /// shared one.
  private static func weights(of projection: Projection, in layer: MoELayer) -> [UnitMember] {
    let routed = zip(layer.expertNumbers, layer.experts[projection] ?? []).map { number, weight in
      UnitMember(
        name: ExpertName(routed: number), weight: weight.mapError { $0 as any Error })
    }
    guard let shared = layer.shared[projection] else { return routed }
    return routed + [UnitMember(name: .shared, weight: shared.mapError { $0 as any Error })]
  }
}

extension GradientFile {
  /// The gradient of a weight.
  fileprivate func gradient(of weight: Weight) throws -> Weight {
    let name = weight.plainName
    guard let tensor = tensor(named: name) else {
      throw reasonForSkipping(name).map {
        AnalysisError.gradientNotRead(path: path, tensor: name, reason: $0)
      } ?? .gradientMissing(path: path, tensor: name)
    }
    guard tensor.elementType.isDecodable else {
      throw AnalysisError.gradientType(
        path: path, tensor: tensor.name, elementType: tensor.elementType.rawValue)
    }
    return weight.share(of: tensor, in: file)
  }
}
