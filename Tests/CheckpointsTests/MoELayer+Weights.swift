import Checkpoints
import Experts

extension MoELayer {
  /// Every weight that can be read: the router, then the experts by projection.
  var weights: [Weight] {
    let found = Projection.allCases.flatMap { projection in
      (experts[projection] ?? []) + (shared[projection].map { [$0] } ?? [])
    }
    return ([router] + found).compactMap { try? $0.get() }
  }
}
