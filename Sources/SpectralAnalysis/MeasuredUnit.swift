import Checkpoints

/// One layer and projection with the leading subspaces of its experts: what every analysis of
/// parameters starts from.
struct MeasuredUnit: Sendable {
  let layer: Int
  let projection: Projection
  let request: SubspaceRequest
  /// Routed experts by index, then the shared one; without those that were left out.
  let experts: [ExpertSubspace]

  /// k of the routed experts.
  var leading: Int { request.routedLeading }
}
