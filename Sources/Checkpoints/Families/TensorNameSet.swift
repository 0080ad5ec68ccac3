import Experts

/// Names of tensors by role that families have in common, by where they stand.
struct TensorNameSet: Decodable, Sendable {
  typealias Names = [TensorRole: [String]]

  /// Whole names.
  let whole: Names?
  /// Names behind the prefix of the model.
  let model: Names?
  /// Names inside a layer.
  let layer: Names?
  /// Names inside the MoE block of a layer.
  let block: Names?
}

/// Where the names of a role stand.
enum TensorNamePlace: Sendable {
  /// Whole names.
  case whole
  /// Behind the prefix of the model.
  case model
  /// Inside a layer.
  case layer
}

extension FamilyCatalogue {
  /// The names of a family's tensors by role, but for those of experts; of two that say the same, the
  /// later counts.
  ///
  /// - Parameters:
  ///   - family: The family.
  ///   - blocks: The MoE blocks that are looked at.
  /// - Returns: Names inside of blocks come with these, as those inside a layer.
  func names(
    of family: Family, in blocks: [String]
  ) -> [(place: TensorNamePlace, role: TensorRole, names: [String])] {
    var all: [(place: TensorNamePlace, role: TensorRole, names: [String])] = []
    func add(_ names: TensorNameSet.Names?, _ place: TensorNamePlace, block: String? = nil) {
      all += (names ?? [:]).map { role, names in
        (place, role, block.map { block in names.map { nameInLayer($0, block: block) } } ?? names)
      }
    }
    let sets = tensorNames(of: family)
    for set in sets {
      add(set.whole, .whole)
      add(set.model, .model)
      add(set.layer, .layer)
    }
    let routing = family.routing
    for block in blocks {
      for set in sets { add(set.block, .layer, block: block) }
      add(
        [
          .router: family.router, .selectionBias: routing.bias?.names ?? [],
          .tokenTable: routing.tokenTable.map { [$0] } ?? [],
        ], .layer, block: block)
      guard let shared = family.shared else { continue }
      for (projection, role) in [
        (Projection.gate, TensorRole.sharedGate), (.up, .sharedUp), (.down, .sharedDown),
      ] {
        let weights = sharedWeights(shared, projection)
        add(
          [
            role: weights.filter { $0.stored.part == nil }.map(\.name),
            .sharedGateUp: weights.filter { $0.stored.part != nil }.map(\.name),
          ], .layer, block: block)
      }
    }
    return all
  }
}
