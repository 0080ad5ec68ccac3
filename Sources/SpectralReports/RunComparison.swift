public import Findings

/// Two runs side by side: the first is called A, the second B.
///
/// Values are compared as they are where chance alone would give the same in both; otherwise, and
/// where different parts of the weights were measured, by their excess over chance. Runs with
/// different numbers of layers or experts are compared by their layers' means alone.
public struct RunComparison: Sendable {
  /// The runs.
  public let first, second: RunFolder

  /// Why pairs of experts cannot be compared one by one; nil where they can.
  public let hindrance: String?

  /// Whether the runs measured different parts of the weights.
  public let hasOtherPart: Bool

  private let firstLayers: LayerMeans
  private let secondLayers: LayerMeans

  /// Compares two finished runs.
  ///
  /// - Throws: ``ComparisonError`` where numbers of the runs do not mean the same, and
  ///   `FindingsError` for damaged tables.
  /// - Complexity: O(experts) for each unit.
  public init(of first: RunFolder, and second: RunFolder) throws {
    try Self.requireSameMeasures(first, second)
    self.first = first
    self.second = second
    firstLayers = try LayerMeans(of: first)
    secondLayers = try LayerMeans(of: second)
    hasOtherPart = first.manifest.options.part != second.manifest.options.part
    hindrance = Self.hindrance(first, firstLayers, second, secondLayers)
    guard !layerChanges.isEmpty else {
      throw ComparisonError.nothingInCommon(first: first.path, second: second.path)
    }
  }

  /// What changed in each layer and projection, in the form of `TableDefinition.layerChanges`.
  ///
  /// A layer that only one of the runs has stands with empty fields for the other.
  public var layerChangeTable: Table {
    var table = Table(.layerChanges)
    for change in layerChanges {
      table.append(
        contentsOf: [
          .integer(change.key.unit.layer), .text(change.key.unit.projection ?? ""),
          .text(change.key.measure.rawValue),
        ] + change.change.cells)
    }
    return table
  }

  /// What changed in each layer and projection, in the order of measures, layers and projections.
  var layerChanges: [(key: LayerMeans.Key, change: Change)] {
    let measures = Set(firstLayers.values.keys.map(\.measure))
      .intersection(secondLayers.values.keys.map(\.measure))
    let projections = Set(firstLayers.values.keys.map(\.unit.projection))
      .intersection(secondLayers.values.keys.map(\.unit.projection))
    let keys = Set(firstLayers.values.keys).union(secondLayers.values.keys)
    return keys.filter {
      measures.contains($0.measure) && projections.contains($0.unit.projection)
    }.sorted().map { key in
      (
        key,
        Change(
          from: firstLayers.values[key] ?? .none, to: secondLayers.values[key] ?? .none,
          ofExcess: hasOtherPart && key.measure.dependsOnPart)
      )
    }
  }

  /// The units whose pairs of experts can be compared one by one, in order.
  public var comparableUnits: [RunManifest.Unit] {
    guard hindrance == nil else { return [] }
    return first.manifest.units.filter { unit in
      unit.subject != .activations
        && second.manifest.units.contains { $0.name == unit.name }
    }
  }

  /// How the similarity of each pair of experts of a unit changed, on the hidden side.
  ///
  /// - Parameter unit: One of ``comparableUnits``.
  /// - Returns: A table in the form of `TableDefinition.similarityChanges` or of its `ofGradients`,
  ///   with the pairs that both runs have; nil where one of them has no similarities.
  /// - Throws: `FindingsError` for a damaged table.
  /// - Complexity: O(pairs)
  public func similarityChanges(of unit: RunManifest.Unit) throws -> Table? {
    let isOfGradients = unit.subject == .gradients
    let definition = isOfGradients ? TableDefinition.similarity.ofGradients : .similarity
    guard let a = try first.drawnTable(definition, of: unit),
      let b = try second.drawnTable(definition, of: unit)
    else { return nil }
    let before = PairValues(a)
    let after = PairValues(b)
    var table = Table(isOfGradients ? .similarityChanges.ofGradients : .similarityChanges)
    for pair in before.pairs {
      guard let old = before.values[pair], let new = after.values[pair] else { continue }
      table.append(
        contentsOf: [
          .integer(unit.layer), .text(unit.projection ?? ""), .text(pair.a), .text(pair.b),
        ] + Change(from: old, to: new, ofExcess: hasOtherPart && !isOfGradients).cells)
    }
    return table
  }

  private static func requireSameMeasures(_ first: RunFolder, _ second: RunFolder) throws {
    let a = first.manifest
    let b = second.manifest
    for name in a.definitions.keys.sorted() where name != "source" {
      if let other = b.definitions[name], let own = a.definitions[name], other != own {
        throw ComparisonError.otherMeasure(
          first: first.path, second: second.path, what: name, values: (own, other))
      }
    }
    guard a.options.fraction == b.options.fraction else {
      throw ComparisonError.otherFraction(
        first: first.path, second: second.path,
        fractions: (a.options.fraction, b.options.fraction))
    }
    for definition in [TableDefinition.summary, .summary.ofGradients] {
      guard let own = try first.table(definition), let other = try second.table(definition)
      else { continue }
      let sides = (Set(own.texts("side")).sorted(), Set(other.texts("side")).sorted())
      guard sides.0 == sides.1 else {
        throw ComparisonError.otherSides(first: first.path, second: second.path, sides: sides)
      }
    }
  }

  private static func hindrance(
    _ first: RunFolder, _ firstLayers: LayerMeans, _ second: RunFolder, _ secondLayers: LayerMeans
  ) -> String? {
    let layers = (first.manifest.options.layers, second.manifest.options.layers)
    if layers.0.count != layers.1.count {
      return "A has \(counted(layers.0.count, "layer")), B has \(counted(layers.1.count, "layer"))"
    }
    if layers.0 != layers.1 { return "A and B were measured in different layers" }
    for (key, pairs) in firstLayers.pairCounts.sorted(by: { $0.key < $1.key }) {
      guard let other = secondLayers.pairCounts[key], other != pairs else { continue }
      return
        "\(key.unit.title(in: .similarity)) has \(expertCount(ofPairs: pairs)) experts in A and \(expertCount(ofPairs: other)) in B"
    }
    return nil
  }
}

/// n of n (n - 1) / 2 pairs.
func expertCount(ofPairs pairs: Int) -> Int {
  Int(((1 + 8 * Double(pairs)).squareRoot() + 1) / 2)
}

private func counted(_ count: Int, _ thing: String) -> String {
  "\(count) \(thing)\(count == 1 ? "" : "s")"
}

/// The similarities of a unit's pairs on the hidden side.
private struct PairValues {
  struct Pair: Hashable {
    let a, b: String
  }

  private(set) var pairs: [Pair] = []
  private(set) var values: [Pair: MeasuredValue] = [:]

  init(_ table: Table) {
    let sides = table.texts("side")
    let firsts = table.texts("expert_a")
    let seconds = table.texts("expert_b")
    let means = table.numbers("mean_cosine")
    let floors = table.numbers("floor_mean_cosine")
    for row in 0..<table.rowCount where sides[row] == "hidden" {
      let pair = Pair(a: firsts[row], b: seconds[row])
      pairs.append(pair)
      values[pair] = MeasuredValue(value: means[row], floor: floors[row])
    }
  }
}
