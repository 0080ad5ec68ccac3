import Experts
import Tensors

/// The names that the tensors of a model may have, by what they are for.
struct TensorNames: Sendable {
  /// What stands before the number of a layer.
  private let start: String
  private let layerCount: Int
  private let expertCount: Int
  private let endings: [PartEnding]
  /// Roles by whole names.
  private var whole: [String: TensorRole] = [:]
  /// Roles by names inside a layer, with `{E}` for the number of an expert.
  private var layered: [String: TensorRole] = [:]

  /// Puts together what is known of a family; the prefix is what stands before `layers.{L}.` in the
  /// checkpoint.
  init(family: Family, catalogue: FamilyCatalogue, prefix: String, sizes: Checkpoint.Sizes) {
    start = "\(prefix)layers."
    layerCount = sizes.layerCount
    expertCount = sizes.expertCount
    endings = catalogue.endings
    for (place, role, names) in catalogue.names(of: family, in: catalogue.blocks(of: family)) {
      switch place {
      case .whole: whole.enter(names, as: role)
      case .model: whole.enter(names, as: role, behind: prefix)
      case .layer: layered.enter(names, as: role)
      }
    }
    for (block, layout) in catalogue.layouts(of: family) {
      let names = Projection.allCases.map { layout[$0]?.tensor }
      let isFused = names[0] == names[1]
      let roles: [TensorRole?] = [
        isFused ? .expertGateUp : .expertGate, isFused ? nil : .expertUp, .expertDown,
      ]
      for (name, role) in zip(names, roles) {
        if let name, let role { layered.enter([name], as: role, inBlock: block) }
      }
    }
  }

  /// What the tensor of a name is for; nil where that is not known.
  func use(of name: String) -> TensorUse? {
    if let use = use(ofValues: name, part: .values) { return use }
    for ending in endings {
      guard let values = ending.name.plainName(of: name) else { continue }
      if let use = use(ofValues: values, part: ending.part) { return use }
    }
    return nil
  }

  /// The names that the tensors of a role may have, those of one expert after the other.
  func names(of role: TensorRole, part: TensorUse.Part, layer: Int?) -> [String] {
    var values: [String] = []
    for (name, itsRole) in (layer == nil ? whole : layered) where itsRole == role {
      values.append(layer.map { "\(start)\($0).\(name)" } ?? name)
    }
    var names: [String] = []
    for name in values.sorted() {
      for expert in 0..<(name.contains("{E}") ? expertCount : 1) {
        let name = name.replacing("{E}", with: "\(expert)")
        if part == .values { names.append(name) }
        names += endings.compactMap { $0.part == part ? $0.name.name(of: name) : nil }
      }
    }
    var seen: Set<String> = []
    // What ends like a bias may be a tensor of another role.
    return names.filter { name in
      guard let use = use(of: name), use.role == role, use.part == part else { return false }
      return seen.insert(name).inserted
    }
  }

  private func use(ofValues name: String, part: TensorUse.Part) -> TensorUse? {
    if let role = whole[name] { return TensorUse(role: role, part: part) }
    guard name.hasPrefix(start), !name.contains("{E}") else { return nil }
    let parts = name.dropFirst(start.count).split(
      separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let layer = index(parts[0], below: layerCount) else { return nil }
    if let role = layered[String(parts[1])] {
      return TensorUse(role: role, layer: layer, part: part)
    }
    var words = parts[1].split(separator: ".", omittingEmptySubsequences: false)
    for place in words.indices {
      guard let expert = index(words[place], below: expertCount) else { continue }
      words[place] = "{E}"
      guard let role = layered[words.joined(separator: ".")] else { return nil }
      return TensorUse(role: role, layer: layer, expert: expert, part: part)
    }
    return nil
  }

  /// The number that a word spells; nil where it spells none, or in another way than names do.
  private func index(_ word: Substring, below limit: Int) -> Int? {
    guard let number = Int(word), (0..<limit).contains(number), "\(number)" == word else {
      return nil
    }
    return number
  }
}

extension [String: TensorRole] {
  fileprivate mutating func enter(
    _ names: [String], as role: TensorRole, behind start: String = ""
  ) {
    for name in names { self[start + name] = role }
  }

  fileprivate mutating func enter(_ names: [String], as role: TensorRole, inBlock block: String) {
    enter(names.map { nameInLayer($0, block: block) }, as: role)
  }
}
