import Experts
import Tensors
import Workers

/// Every tensor of a checkpoint that is weights of routed experts by its name or its shape, by the
/// layer that its name puts it in: whatever config.json and the family say.
struct ExpertCensus: Sendable {
  /// The tensors of one name inside a layer, with `{E}` for the number of the expert.
  struct Entry: Sendable {
    /// The numbers of the experts that have it; nil where one tensor holds many.
    var numbers: [Int]?
    /// Where those tensors lie, in the same order.
    var places: [WeightFiles.Place] = []
    /// How many experts there are by the highest number, or the first axis of the one tensor.
    var count: Int
    /// The first of the tensors by name.
    var example: String

    /// The tensors of both.
    func adding(_ other: Entry) -> Entry {
      var entry = self
      if let more = other.numbers { entry.numbers = (numbers ?? []) + more }
      entry.places += other.places
      entry.count = max(count, other.count)
      entry.example = min(example, other.example)
      return entry
    }

    /// Where the tensor of each expert lies; the first of two of one number.
    var placesByExpert: [Int: WeightFiles.Place] {
      Dictionary(zip(numbers ?? [], places), uniquingKeysWith: { first, _ in first })
    }
  }

  /// What one layer holds.
  struct Layer: Sendable {
    /// What stands before the number of the layer, such as `model.layers.`.
    let stem: String
    /// The number in the name.
    let number: Int
    /// The tensors, by their name inside the layer, such as `mlp.experts.{E}.up_proj.weight`.
    var entries: [String: Entry] = [:]

    /// The tensors of both.
    func adding(_ other: Layer) -> Layer {
      var layer = self
      layer.entries.merge(other.entries) { $0.adding($1) }
      return layer
    }

    /// Whether the name is that of a layer for multi-token prediction.
    var isForPrediction: Bool {
      stem.lowercased().split(separator: ".").contains {
        $0.contains("mtp") || $0.contains("nextn")
      }
    }
  }

  /// The layers, by what their names start with, such as `model.layers.3.`.
  private(set) var layers: [String: Layer] = [:]
  /// What the layers hold of shared experts, in the same way.
  private(set) var shared: [String: Layer] = [:]
  /// What they hold beside the weights of experts, such as scales and biases, in the same way.
  private(set) var companions: [String: Layer] = [:]
  /// The tensors that belong to no layer, by their whole name.
  private(set) var outside: [String: Entry] = [:]

  /// Counts the tensors of some files.
  ///
  /// - Parameters:
  ///   - files: All files of the checkpoint.
  ///   - endings: How the names of scales, biases and the like end, which are no weights.
  /// - Complexity: O(length of all names)
  init(of files: WeightFiles, endings: [PartEnding]) {
    let parts = mapAtOnce(count: files.files.count) { number in
      Self.part(of: files, file: number, endings: endings)
    }
    // Which numbered matrices are experts shows when all are known.
    var lists: [NumberedList.Place: NumberedList] = [:]
    for (census, members) in parts {
      add(census)
      lists.merge(members) { NumberedList(members: $0.members + $1.members) }
    }
    for (place, list) in lists where list.isOfExperts(named: place) {
      for (number, found) in list.members {
        count(
          found,
          at: ExpertWords.Site(
            stem: place.stem, layer: place.layer, pattern: place.pattern, expert: number))
      }
    }
  }

  private init() {}

  /// Counts the tensors of one file, but for those that may be members of lists.
  private static func part(
    of files: WeightFiles, file number: Int, endings: [PartEnding]
  ) -> (census: ExpertCensus, lists: [NumberedList.Place: NumberedList]) {
    var census = ExpertCensus()
    var patterns = ExpertPatterns(endings: endings)
    var lists: [NumberedList.Place: NumberedList] = [:]
    files.forEach(inFile: number) { tensor, place in
      // Of one tensor under two names, one counts.
      let name = files.plainName(tensor.name)
      guard files.storedName(name) == tensor.name else { return }
      let found = (tensor, place)
      switch patterns.meaning(of: name, shape: tensor.shape) {
      case .other: break
      case .site(let site): census.count(found, at: site)
      case .member(let place, let number):
        lists[place, default: NumberedList()].members.append((number, found))
      }
    }
    return (census, lists)
  }

  /// Adds what another part of the files holds.
  private mutating func add(_ other: ExpertCensus) {
    layers.merge(other.layers) { $0.adding($1) }
    shared.merge(other.shared) { $0.adding($1) }
    companions.merge(other.companions) { $0.adding($1) }
    outside.merge(other.outside) { $0.adding($1) }
  }

  /// The first of all tensors by name; nil where there is none.
  var example: String? {
    (layers.values.flatMap(\.entries.values) + outside.values).map(\.example).min()
  }

  /// The tensors of the layer whose names start like that.
  func entries(ofLayer start: String) -> [String: Entry] { layers[start]?.entries ?? [:] }

  /// Where the tensors of one name lie in the layer whose names start like that, by the number of
  /// the expert.
  func places(ofLayer start: String, named pattern: String) -> [Int: WeightFiles.Place] {
    (layers[start]?.entries[pattern] ?? companions[start]?.entries[pattern])?.placesByExpert ?? [:]
  }

  /// The names of all tensors of experts in the layer whose names start like that.
  func names(ofLayer start: String) -> some Sequence<String> {
    [layers[start], companions[start]].compactMap(\.self).lazy.flatMap(\.entries.keys)
  }

  /// One of the tensors of some name in the layer whose names start like that.
  func example(ofLayer start: String, named pattern: String) -> String? {
    (layers[start]?.entries[pattern] ?? companions[start]?.entries[pattern])?.example
  }

  /// The projections that experts of some layouts have: without the gate where none has one.
  func projections(of layouts: [(block: String, layout: ExpertLayout)]) -> [Projection] {
    func isThere(_ projection: Projection) -> Bool {
      layers.values.contains { layer in
        layouts.contains { block, layout in
          !layer.entries.experts(in: block, layout: layout, [projection]).isEmpty
        }
      }
    }
    return isThere(.up) && !isThere(.gate) ? [.up, .down] : Projection.allCases
  }

  private mutating func count(
    _ found: (tensor: TensorDescription, place: WeightFiles.Place), at site: ExpertWords.Site
  ) {
    let name = found.tensor.name
    func enter(_ entry: inout Entry) {
      if name < entry.example { entry.example = name }
      entry.count = max(entry.count, site.expert.map { $0 &+ 1 } ?? found.tensor.rowCount)
      guard let expert = site.expert else { return }
      if entry.numbers == nil { entry.numbers = [] }
      entry.numbers?.append(expert)
      entry.places.append(found.place)
    }
    let blank = Entry(count: 0, example: name)
    guard let number = site.layer else {
      // Shared experts outside of layers are of no model that is known.
      if site.kind == .weight { enter(&outside[site.pattern, default: blank]) }
      return
    }
    // Put together without interpolation, which costs as much as all else here.
    let start = site.stem + String(number) + String(site.stem.last ?? ".")
    let layer = Layer(stem: site.stem, number: number)
    switch site.kind {
    case .weight: enter(&layers[start, default: layer].entries[site.pattern, default: blank])
    case .companion:
      enter(&companions[start, default: layer].entries[site.pattern, default: blank])
    case .shared: enter(&shared[start, default: layer].entries[site.pattern, default: blank])
    }
  }
}

extension [String: ExpertCensus.Entry] {
  /// The names of experts' weights in a layout, packed, factored or neither.
  static func names(
    in block: String, layout: ExpertLayout, _ projections: [Projection] = Projection.allCases
  ) -> [String] {
    projections.compactMap { layout[$0] }.flatMap(\.names)
      .map { nameInLayer($0, block: block) }
  }

  /// Those that a layout of the experts names.
  func experts(
    in block: String, layout: ExpertLayout, _ projections: [Projection] = Projection.allCases
  ) -> [ExpertCensus.Entry] {
    Self.names(in: block, layout: layout, projections).compactMap { self[$0] }
  }
}
