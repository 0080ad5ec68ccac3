/// One layer with experts: where its router and the weights of its experts lie.
///
/// A weight that is missing, misshapen or not readable stands as the error that says so, so that
/// everything wrong with a checkpoint can be told at once, and one expert can be left out.
public struct MoELayer: Sendable {
  /// A weight, or what is wrong with it.
  public typealias FoundWeight = Result<Weight, CheckpointError>

  /// The number of the layer, counted from 0.
  public let index: Int

  /// The router's weight, experts x hidden size.
  public let router: FoundWeight

  /// The routed experts' weights by projection, in the order of the experts; their unique parts
  /// where the checkpoint has them factored.
  public let experts: [Projection: [FoundWeight]]

  /// The shared expert's weights by projection; empty where the layer has none.
  public let shared: [Projection: FoundWeight]

  /// What is wrong with the tensors that stand beside the unique parts of factored experts.
  let factorProblems: [CheckpointError]

  /// Everything that is wrong in this layer, in order.
  public var problems: [CheckpointError] {
    var found: [CheckpointError] = []
    func collect(_ weight: FoundWeight) {
      if case .failure(let error) = weight { found.append(error) }
    }
    collect(router)
    for projection in Projection.allCases {
      experts[projection]?.forEach(collect)
      shared[projection].map(collect)
    }
    return found + factorProblems
  }
}
