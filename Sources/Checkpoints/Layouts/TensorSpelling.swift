import Experts

/// How the names in a checkpoint's files differ from those that its family has.
///
/// Programs that wrap a model or a part of it add words to the names of what is inside:
/// `module.model.layers.0…`, `_orig_mod.model.layers.0…`, `base_model.model.model.layers.0…`,
/// `model.layers.0._fsdp_wrapped_module.mlp…`. Words of wrappers, which begin with an underscore or
/// are `module`, are passed over wherever they stand. Whatever else stands in front is found by the
/// names of routers and experts, as is another word for `layers`.
struct TensorSpelling: Sendable {
  /// What stands before `layers.{L}.` in the names as the family has them.
  let prefix: String
  /// What stands before every name in the files, more than the family has there.
  let front: String
  /// The names in the files, by those that the family has, where the two differ.
  let stored: [String: String]
  /// What is read otherwise than it stands.
  let remarks: [CheckpointRemark]
  private let outer: String
  /// How the files begin the names of layers, where they have another word there than `layers`; nil
  /// where they do not.
  private let layers: LayerStart?
  /// How names of GGUF come to those of the family; nil for files that have the family's.
  private var gguf: GGUFNames?
  /// Whether every name in the files is as the family has it.
  private(set) var isPlain: Bool

  /// What the family calls a tensor of the files.
  func plain(_ name: String) -> String {
    guard !isPlain else { return name }
    if let gguf { return gguf.plain(name) ?? name }
    let inner = unwrapped(name)
    if let layers { return layers.plain(inner) }
    return outer.isEmpty ? inner : String(inner.trimmingPrefix(outer))
  }

  /// How the files spell, or would spell, a name that the family has.
  func storedName(_ name: String) -> String {
    stored[name] ?? gguf?.stored(name) ?? front + (layers?.stored(name) ?? name)
  }

  /// Says how files of GGUF spell the names of a family.
  init(of files: WeightFiles, gguf names: GGUFNames) {
    var stored: [String: String] = [:]
    for name in files.names.sorted() {
      if let plain = names.plain(name), stored[plain] == nil { stored[plain] = name }
    }
    self.init(prefix: names.prefix, outer: "", stored: stored)
    gguf = names
    isPlain = false
  }

  /// Finds out how files spell the names of a family.
  ///
  /// - Throws: ``CheckpointError/twoVersions(tensor:first:otherTensor:second:)`` where wrapped names
  ///   come to the same and the tensors do not, ``CheckpointError/severalModels(path:prefixes:)``,
  ///   and the files' errors.
  /// - Complexity: O(length of all names)
  init(
    of files: WeightFiles, folder: String, family: Family, catalogue: FamilyCatalogue,
    moeLayers: [Int]
  ) throws {
    let sites = ExpertSites(of: family, in: catalogue)
    var stored: [String: String] = [:]
    var words: Set<String> = []
    let wrapped = files.names(where: hasWrapper).sorted()
    for name in wrapped {
      let inner = unwrapped(name)
      let isExpert = sites.site(of: inner) != nil
      if let twin = stored[inner] ?? (files[inner] == nil ? nil : inner) {
        // Only what is measured is worth a refusal.
        if isExpert, let first = files[twin], let second = files[name] {
          try first.requireSame(as: second)
        }
      } else {
        stored[inner] = name
        if isExpert { words.formUnion(wrappers(in: name)) }
      }
    }
    let known = files.spelled(TensorSpelling(prefix: "", outer: "", stored: stored))
    let plain = family.prefixes.first { prefix in
      moeLayers.contains { layer in
        sites.first.contains { known.holdsWeight("\(prefix)layers.\(layer).\($0)") }
      }
    }
    let found =
      try plain
      ?? sites.prefix(
        of: files.names.filter { !hasWrapper($0) } + stored.keys, family: family,
        moeLayers: moeLayers, folder: folder)
    /// All names without words of wrappers, each with that in the files.
    func inner() -> [(name: String, file: String)] {
      files.names.filter { !hasWrapper($0) }.map { ($0, $0) }
        + stored.map { ($0.key, $0.value) }
    }
    let layers =
      found == nil
      ? sites.layerStart(of: inner().map(\.name), family: family, moeLayers: moeLayers) : nil
    if let layers {
      for (name, file) in inner() {
        let plain = layers.plain(name)
        if plain != name, files[plain] == nil, stored[plain] == nil { stored[plain] = file }
      }
    }
    let prefix = found ?? layers?.prefix ?? family.prefixes.first ?? ""
    let ending =
      family.prefixes.contains(prefix)
      ? prefix
      : family.prefixes.filter { !$0.isEmpty && prefix.hasSuffix(".\($0)") }.max {
        $0.count < $1.count
      }
    let outer = String(prefix.dropLast(ending?.count ?? prefix.count))
    if !outer.isEmpty {
      for (name, file) in inner() where name.hasPrefix(outer) {
        let rest = String(name.dropFirst(outer.count))
        if files[rest] == nil, stored[rest] == nil { stored[rest] = file }
      }
    }
    self.init(
      prefix: ending ?? prefix, outer: outer, layers: layers, stored: stored,
      isPlain: wrapped.isEmpty && outer.isEmpty && layers == nil,
      front: Self.front(
        of: stored, sites: sites, prefix: ending ?? prefix, layers: layers),
      remarks: Self.remarks(
        words: words.sorted() + (outer.isEmpty ? [] : [String(outer.dropLast())]),
        prefix: layers.map { $0.isOfFamily ? nil : $0.stored } ?? (ending == nil ? prefix : nil)))
  }

  private init(
    prefix: String, outer: String, layers: LayerStart? = nil, stored: [String: String],
    isPlain: Bool = false, front: String = "", remarks: [CheckpointRemark] = []
  ) {
    self.prefix = prefix
    self.outer = outer
    self.layers = layers
    self.stored = stored
    self.isPlain = isPlain
    self.front = front
    self.remarks = remarks
  }

  /// What stands in the files before a name, as the first router or expert of the layers shows it.
  private static func front(
    of stored: [String: String], sites: ExpertSites, prefix: String, layers: LayerStart?
  ) -> String {
    guard let plain = stored.keys.filter({ sites.site(of: $0)?.prefix == prefix }).min(),
      let name = stored[plain]
    else { return "" }
    let words = name.split(separator: ".", omittingEmptySubsequences: false)
    let inner = layers?.stored(plain) ?? plain
    let start = words.indices.last {
      unwrapped(words[$0...].joined(separator: ".")) == inner
    }
    return words[..<(start ?? 0)].map { "\($0)." }.joined()
  }

  private static func remarks(words: [String], prefix: String?) -> [CheckpointRemark] {
    (words.isEmpty ? [] : [.wrappedNames(words: words)]) + (prefix.map { [.otherPrefix($0)] } ?? [])
  }
}

/// How the names of layers begin in files that have another word there than `layers`, as
/// `transformer.h.3.mlp…`.
struct LayerStart: Sendable, Hashable {
  /// What stands before the number in the files, such as `transformer.h.`.
  let stored: String
  /// The family's prefix, which stands before `layers.` in its own names.
  let prefix: String
  /// Whether the family is known to be saved like that.
  let isOfFamily: Bool

  /// What the family has there, such as `model.layers.`.
  private var plain: String { "\(prefix)layers." }

  /// Reads how layers begin in files by the prefixes of a family, and its words for layers.
  init(stored: String, family: Family) {
    self.stored = stored
    let prefix = family.prefixes.first { prefix in
      family.layers?.contains { stored == "\(prefix)\($0)." } == true
    }
    isOfFamily = prefix != nil
    self.prefix = prefix ?? family.prefixes.first ?? ""
  }

  /// What the family calls what the files call so.
  func plain(_ name: String) -> String { swapped(name, stored, plain) }

  /// What the files call what the family calls so.
  func stored(_ name: String) -> String { swapped(name, plain, stored) }

  private func swapped(_ name: String, _ start: String, _ other: String) -> String {
    guard name.hasPrefix(start), name.dropFirst(start.count).first?.isNumber == true else {
      return name
    }
    return other + name.dropFirst(start.count)
  }
}

/// The places in names of tensors where a family has routers and routed experts.
struct ExpertSites: Sendable {
  /// One such place.
  struct Site: Hashable {
    /// What stands before `layers.`.
    let prefix: String
    let layer: Int
    /// Whether it is a router; otherwise a routed expert.
    let isRouter: Bool
  }

  /// The names inside a layer that show experts at once: of routers and of the first expert.
  let first: [String]
  private let routers: Set<String>
  private let experts: Set<String>

  /// Collects the names that a family has.
  init(of family: Family, in catalogue: FamilyCatalogue) {
    var first: [String] = []
    var routers: Set<String> = []
    var experts: Set<String> = []
    for (block, layout) in catalogue.layouts(of: family) {
      let names = family.router.map { nameInLayer($0, block: block) }
      routers.formUnion(names)
      first += names
      for projection in Projection.allCases {
        experts.formUnion((layout[projection]?.names ?? []).map { nameInLayer($0, block: block) })
      }
      first.append(nameInLayer(layout.first.tensor.replacing("{E}", with: "0"), block: block))
    }
    self.first = first
    self.routers = routers
    self.experts = experts
  }

  /// The router or expert that a name means, whatever stands before `layers.`; nil for other names.
  func site(of name: String) -> Site? {
    let words = name.split(separator: ".", omittingEmptySubsequences: false)
    for place in words.indices.dropLast(2) where words[place] == "layers" {
      guard let layer = Int(words[place + 1]), let isRouter = self.isRouter(words[(place + 2)...])
      else { continue }
      return Site(
        prefix: words[..<place].map { "\($0)." }.joined(), layer: layer, isRouter: isRouter)
    }
    return nil
  }

  /// Whether the name of a tensor inside a layer is that of a router; otherwise of a routed expert,
  /// and nil where it is neither.
  private func isRouter(_ words: ArraySlice<Substring>) -> Bool? {
    var words = words
    if let number = words.firstIndex(where: { Int($0) != nil }) { words[number] = "{E}" }
    let name = words.joined(separator: ".")
    return routers.contains(name) ? true : experts.contains(name) ? false : nil
  }

  /// How the names of layers begin where nothing of the model is called `layers`; nil where the
  /// layers with experts do not all begin alike.
  fileprivate func layerStart(
    of names: some Sequence<String>, family: Family, moeLayers: [Int]
  ) -> LayerStart? {
    let starts = family.prefixes.map { "\($0)layers." }
    guard !names.contains(where: { starts.contains(where: $0.hasPrefix) }) else { return nil }
    var layers: [String: Set<Int>] = [:]
    for name in names {
      let words = name.split(separator: ".", omittingEmptySubsequences: false)
      for place in words.indices.dropLast(2) {
        guard let layer = Int(words[place + 1]), isRouter(words[(place + 2)...]) != nil else {
          continue
        }
        layers[words[...place].map { "\($0)." }.joined(), default: []].insert(layer)
      }
    }
    let whole = layers.filter { $0.value.isSuperset(of: moeLayers) }
    guard whole.count == 1, let start = whole.first?.key else { return nil }
    return LayerStart(stored: start, family: family)
  }

  /// What stands before `layers.` where it is none of the prefixes that the family has; nil where no
  /// name is that of a router or expert.
  ///
  /// - Throws: ``CheckpointError/severalModels(path:prefixes:)`` where it cannot be told.
  fileprivate func prefix(
    of names: some Sequence<String>, family: Family, moeLayers: [Int], folder: String
  ) throws(CheckpointError) -> String? {
    var layers: [String: Set<Int>] = [:]
    for name in names {
      if let site = site(of: name) { layers[site.prefix, default: []].insert(site.layer) }
    }
    // Layers for multi-token prediction and heads stand beside, but have not all the layers.
    let whole = layers.filter { $0.value.isSuperset(of: moeLayers) }
    let candidates = (whole.isEmpty ? layers : whole).keys.sorted()
    let likely = candidates.filter { candidate in
      family.prefixes.contains { !$0.isEmpty && candidate.hasSuffix(".\($0)") }
    }
    let chosen = likely.isEmpty ? candidates : likely
    guard chosen.count < 2 else { throw .severalModels(path: folder, prefixes: chosen) }
    return chosen.first
  }
}

/// Whether a word in a name is that of a wrapper: what begins with an underscore is private to some
/// program, and `module` is what PyTorch calls the model inside one.
private func isWrapper(_ word: Substring) -> Bool { word.first == "_" || word == "module" }

/// Whether a name has a word of a wrapper; byte by byte, since all names are asked.
private func hasWrapper(_ name: String) -> Bool {
  let bytes = name.utf8Span.span
  var start = 0
  while start < bytes.count {
    guard bytes[start] != UInt8(ascii: "_") else { return true }
    var end = start
    while end < bytes.count, bytes[end] != UInt8(ascii: ".") { end += 1 }
    if end - start == 6, "module".utf8.enumerated().allSatisfy({ bytes[start + $0] == $1 }) {
      return true
    }
    start = end + 1
  }
  return false
}

private func wrappers(in name: String) -> [String] {
  name.split(separator: ".").filter(isWrapper).map(String.init)
}

private func unwrapped(_ name: String) -> String {
  guard hasWrapper(name) else { return name }
  return name.split(separator: ".", omittingEmptySubsequences: false)
    .filter { !isWrapper($0) }.joined(separator: ".")
}
