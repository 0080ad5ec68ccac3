/// What a family calls the tensors of a GGUF file.
struct GGUFNames: Sendable {
  private let names: GGUFCatalogue.Names
  private let withheld: Set<TensorRole>
  private let others: [String: TensorRole]
  /// What stands before `layers.{L}.` in the family's names.
  let prefix: String
  private let block: String
  /// Names without a layer, by role.
  private var whole: [TensorRole: String] = [:]
  /// Names inside a layer, by role.
  private var layered: [TensorRole: String] = [:]

  /// Puts together the names of a family.
  init(
    _ catalogue: GGUFCatalogue, architecture: GGUFCatalogue.Architecture?, family: Family,
    families: FamilyCatalogue
  ) {
    names = catalogue.names
    withheld = Set(architecture?.withheld ?? [])
    others = architecture?.names ?? [:]
    // GGUF files hold the language model alone, which stands behind the shortest words by itself.
    let prefix = family.prefixes.filter { !$0.isEmpty }.min { $0.count < $1.count } ?? ""
    self.prefix = prefix
    block = family.block
    // Of two sets that name the same role, the later one is the family's own.
    for (place, role, names) in families.names(of: family, in: [family.block]) {
      guard let name = names.first else { continue }
      switch place {
      case .whole: whole[role] = name
      case .model: whole[role] = prefix + name
      case .layer: layered[role] = name
      }
    }
  }

  /// What the family calls a tensor; nil where it has no such tensor, or llama.cpp has changed it.
  func plain(_ name: String) -> String? {
    var words = name.split(separator: ".", omittingEmptySubsequences: false)
    let ending = words.last.flatMap { ["weight", "bias"].contains($0) ? words.popLast() : nil }
    if words.count > 2, words[0] == "blk", let layer = Int(words[1]), "\(layer)" == words[1] {
      return layerName(words[2...], ending: ending).map { "\(prefix)layers.\(layer).\($0)" }
    }
    let stem = words.joined(separator: ".")
    guard let role = others[stem] ?? names.whole[stem], !withheld.contains(role),
      let plain = whole[role]
    else { return nil }
    return Self.name(plain, ending: ending)
  }

  /// What a GGUF file calls a tensor that the family has; nil where it has none of the kind.
  func stored(_ plain: String) -> String? {
    let start = "\(prefix)layers."
    guard plain.hasPrefix(start) else {
      return (others.keys.sorted() + names.whole.keys.sorted()).lazy.map { "\($0).weight" }
        .first { self.plain($0) == plain }
    }
    let words = plain.dropFirst(start.count).split(separator: ".")
    guard let layer = words.first else { return nil }
    let expert = words.dropFirst().first { Int($0) != nil } ?? ""
    let stems = others.keys.sorted() + names.layer.keys.sorted() + names.experts.keys.sorted()
    return stems.lazy.flatMap { stem in
      ["weight", "bias"].map { "blk.\(layer).\(stem.replacing("{E}", with: expert)).\($0)" }
    }.first { self.plain($0) == plain }
  }

  /// The layer that a tensor of experts or their router stands in; nil for others.
  func moeLayer(_ name: String) -> Int? {
    let words = name.split(separator: ".", omittingEmptySubsequences: false)
    guard words.count > 3, words[0] == "blk", let layer = Int(words[1]) else { return nil }
    let stem = words[2..<words.count - 1]
    return expertName(stem) != nil || names.layer[stem.joined(separator: ".")] == .router
      ? layer : nil
  }

  private func layerName(_ words: ArraySlice<Substring>, ending: Substring?) -> String? {
    if let name = expertName(words) {
      return nameInLayer("\(name).\(ending ?? "weight")", block: block)
    }
    let stem = words.joined(separator: ".")
    guard let role = others[stem] ?? names.layer[stem], !withheld.contains(role),
      let plain = layered[role]
    else { return nil }
    // A bias by itself, whatever its name ends in.
    return role == .selectionBias ? plain : Self.name(plain, ending: ending)
  }

  /// The name of a tensor of experts inside the MoE block.
  private func expertName(_ words: ArraySlice<Substring>) -> String? {
    guard words.count < 3, let first = words.first else { return nil }
    guard words.count == 2, let expert = words.last else { return names.experts[String(first)] }
    guard let number = Int(expert), number >= 0, "\(number)" == expert else { return nil }
    return names.experts["\(first).{E}"]?.replacing("{E}", with: "\(number)")
  }

  private static func name(_ plain: String, ending: Substring?) -> String {
    guard ending == "bias" else { return plain }
    let weight = ".weight"
    return plain.hasSuffix(weight) ? plain.dropLast(weight.count) + ".bias" : "\(plain)_bias"
  }
}
