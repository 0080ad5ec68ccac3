public import Experts

/// One layer with experts: where its router and the weights of its experts lie.
///
/// A weight that is missing, misshapen or not readable stands as the error that says so, so that
/// everything wrong with a checkpoint can be told at once, and one expert can be left out.
public struct MoELayer: Sendable {
  /// A weight, or what is wrong with it.
  public typealias FoundWeight = Result<Weight, CheckpointError>

  /// The number of the layer, counted from 0.
  public let index: Int

  /// The numbers of the routed experts that are measured, ascending: all, or those of one width.
  public let expertNumbers: [Int]

  /// N, the number of routed experts that the router chooses among; it may differ from layer to
  /// layer.
  public let expertCount: Int

  /// The number of the expert that the router's first row is of: 0 but where a layer has several
  /// kinds of experts, each with a router of its own.
  public let firstRouterRow: Int

  /// The router's weight, N x hidden size.
  public let router: FoundWeight

  /// The routed experts' weights by projection, in the order of ``expertNumbers``.
  ///
  /// They are the unique parts where the checkpoint has them factored. Experts may have no gate.
  public let experts: [Projection: [FoundWeight]]

  /// The shared expert's weights by projection; empty where the layer has none.
  public let shared: [Projection: FoundWeight]

  /// What is wrong with the tensors that stand beside the unique parts of factored experts.
  let factorProblems: [CheckpointError]

  /// Everything that is wrong in this layer, in order.
  public var problems: [CheckpointError] {
    var found: [CheckpointError] = []
    func collect(_ weight: FoundWeight) {
      guard case .failure(let error) = weight else { return }
      switch error {
      // The numbers or names of all experts are one fault.
      case .misnumberedExperts where found.contains(error),
        .storedTwice where found.contains(error),
        .strangeNames where found.contains(error):
        break
      // So is what is wrong with the one tensor that holds all of them.
      default: if found.last != error { found.append(error) }
      }
    }
    collect(router)
    for projection in Projection.allCases {
      experts[projection]?.forEach(collect)
      shared[projection].map(collect)
    }
    return found + factorProblems
  }
}
