import Experts
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
  /// The places of all experts of the unit by name, those that were left out too.
  private let places: [ExpertName: Int]
  /// All directions of the routed experts, where an analysis of the unit needs them.
  private let allDirections: BasisStore?

  init(
    layer: Int, projection: Projection, isOfGradients: Bool, request: SubspaceRequest,
    space: DirectionSpace, members: [ExpertName], experts: [ExpertSubspace], bases: BasisStore?
  ) {
    places = Dictionary(uniqueKeysWithValues: zip(members, 0...))
    self.layer = layer
    self.projection = projection
    self.isOfGradients = isOfGradients
    self.request = request
    self.space = space
    self.experts = experts
    allDirections = bases
  }

  /// A routed expert with its number in the layer, and its place among those of the unit.
  struct RoutedExpert: Sendable {
    let number: Int
    let place: Int
    let subspace: ExpertSubspace

    var name: ExpertName { subspace.name }

    /// The share of its squared norm that some of its directions carry.
    func energy(of range: Range<Int>) -> Double {
      subspace.singularValues[range].reduce(0) { $0 + $1 * $1 } / subspace.squaredNorm
    }
  }

  /// All directions of the routed experts.
  ///
  /// - Precondition: An analysis of the unit says that it needs them.
  var bases: BasisStore {
    guard let allDirections else { preconditionFailure("no analysis needs all directions") }
    return allDirections
  }

  /// k of the routed experts.
  var leading: Int { request.routedLeading }

  /// The routed experts that were not left out, ascending.
  var routedExperts: [RoutedExpert] {
    experts.compactMap { expert in
      guard let number = expert.name.routedIndex, let place = places[expert.name] else {
        return nil
      }
      return RoutedExpert(number: number, place: place, subspace: expert)
    }
  }

  /// The form of a table for what this unit measures.
  func definition(_ table: TableDefinition) -> TableDefinition {
    isOfGradients ? table.ofGradients : table
  }
}
