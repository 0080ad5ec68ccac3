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

/// The names of what stands beside a matrix: that of its module, and more.
struct ModuleNames {
  private let plain: String
  /// The name of the module; of a parameter without one, that itself.
  let module: String

  /// Prepares for the name that the plain tensor would have.
  init(of plain: String) {
    self.plain = plain
    module = plain.hasSuffix(".weight") ? String(plain.dropLast(".weight".count)) : plain
  }

  /// Whether a tensor of that name stands beside the matrix.
  private func isBeside(_ name: String) -> Bool {
    name.hasPrefix("\(module).") || name.hasPrefix("\(module)_")
  }

  /// A tensor beside the matrix that nothing reads, the first by name; nil where there is none.
  ///
  /// - Parameters:
  ///   - packing: How the values are packed.
  ///   - names: Names of tensors, among them all that stand beside the matrix.
  ///   - isThere: Whether there is a tensor of some name.
  /// - Returns: Its name.
  func unexplained(
    in packing: any Packing, among names: some Sequence<String>, isThere: (String) -> Bool
  ) -> String? {
    let known = known(to: packing, isThere: isThere)
    return names.filter { isBeside($0) && !known.contains($0) }.min()
  }

  /// The names of what may stand there where the values are of a packing.
  ///
  /// Of several names for one part, only the first that is there: two scales contradict each other.
  private func known(to packing: any Packing, isThere: (String) -> Bool) -> Set<String> {
    let values = Packings.all.flatMap(\.values).compactMap { $0.name(of: plain) }
    let companions = packing.companions.values.compactMap { endings in
      endings.lazy.compactMap { $0.name(of: plain) }.first(where: isThere)
    }
    return Set(
      values + companions + [module, "\(module).bias", "\(plain)_bias", "\(module)_bias"]
        + activationScales)
  }

  /// The scales of a matrix's inputs and outputs, and of caches, which quantised models have beside
  /// those of weights.
  var activationScales: [String] {
    let sides = ["input", "output", "k", "v", "q"]
    let kinds = ["scale", "zero_point", "global_scale", "scale_inv", "g_idx", "amax"]
    return [".", "_"].flatMap { joint in
      sides.flatMap { side in kinds.map { "\(module)\(joint)\(side)_\($0)" } }
    }
  }
}

extension PackedSources {
  /// The error for a tensor beside the values that nothing reads.
  func unexplained(_ name: String) -> CheckpointError {
    .unsupported(
      path: sources[0].file.path, tensor: sources[0].tensor.name,
      elementType: sources[0].tensor.elementType.rawValue,
      reason:
        "has beside its \(packing.name) values the tensor '\(name)' that may change them"
    )
  }
}
