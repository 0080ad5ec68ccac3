import Checkpoints
import Findings

/// One layer and projection with the directions of its experts: what every analysis of weights and
/// gradients starts from.
struct MeasuredUnit: Sendable {
  let layer: Int
  let projection: Projection
  /// Whether the matrices are gradients of the weights.
  let isOfGradients: Bool
  let request: SubspaceRequest
  /// Where the directions of the routed experts live.
  let space: DirectionSpace
  /// Routed experts by index, then the shared one; without those that were left out.
  let experts: [ExpertSubspace]

  /// A routed expert with its index.
  struct RoutedExpert: Sendable {
    let number: Int
    let subspace: ExpertSubspace

    var name: String { subspace.name }

    /// The share of its squared norm that some of its directions carry.
    func energy(of range: Range<Int>) -> Double {
      subspace.singularValues[range].reduce(0) { $0 + $1 * $1 } / subspace.squaredNorm
    }
  }

  /// k of the routed experts.
  var leading: Int { request.routedLeading }

  /// The routed experts that were not left out, ascending.
  var routedExperts: [RoutedExpert] {
    experts.compactMap { expert in
      Int(expert.name).map { RoutedExpert(number: $0, subspace: expert) }
    }
  }

  /// The form of a table for what this unit measures.
  func definition(_ table: TableDefinition) -> TableDefinition {
    isOfGradients ? table.ofGradients : table
  }
}
