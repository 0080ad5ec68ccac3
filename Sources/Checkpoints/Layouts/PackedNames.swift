import Tensors

extension StoredProjection {
  /// The names that the values of its tensors may have inside the MoE block, with `{E}` where each
  /// expert has one: plain, packed, or factored by sdmoe.
  var names: [String] {
    [tensor, FactoredExpertNames(weight: tensor).unique] + packedNames(of: tensor)
  }

  /// The names that the values may have where they are packed.
  private func packedNames(of plain: String) -> [String] {
    Packings.all.filter(allows).flatMap(\.values).compactMap { $0.name(of: plain) }
      .filter { $0 != plain }
  }
}

extension WeightFiles {
  /// The values of a matrix by the name of the plain tensor, once for each packing whose names they
  /// have.
  func packed(_ plain: String) -> [(packing: any Packing, values: Weight.Source)] {
    Packings.all.compactMap { packing in values(of: plain, in: packing).map { (packing, $0) } }
  }

  /// Whether there are values of a matrix under one name alone.
  func hasOneForm(_ plain: String) -> Bool {
    var count = 0
    for ending in Self.valueEndings {
      if let name = ending.name(of: plain), self[name] != nil { count += 1 }
    }
    return count == 1
  }

  /// How the names of values may end, each once.
  private static let valueEndings = Set(Packings.all.flatMap(\.values))

  /// The values of a matrix under the names of one packing.
  func values(of plain: String, in packing: any Packing) -> Weight.Source? {
    packing.values.lazy.compactMap { $0.name(of: plain) }.compactMap { self[$0] }.first
  }

  /// What stands beside the values under the names of one packing.
  func companions(
    of plain: String, in packing: any Packing
  ) -> [CompanionRole: Weight.Source] {
    packing.companions.compactMapValues { endings in
      endings.lazy.compactMap { $0.name(of: plain) }.compactMap { self[$0] }.first
    }
  }
}
