internal import Experts
public import Findings

/// Two runs side by side: the first is called A, the second B.
///
/// A measure is compared by its values where chance alone would give the same in both runs in all
/// layers; otherwise, and where different parts of the weights were measured, by the excess over
/// chance. Runs with different numbers of layers or experts are compared by their layers' means
/// alone.
public struct RunComparison: Sendable {
  /// The runs.
  public var first: RunFolder { runs.runs[0] }

  /// The run that is compared with the first.
  public var second: RunFolder { runs.runs[1] }

  /// What the two runs are called.
  public var names: [String] { runs.names }

  /// Why pairs of experts cannot be compared one by one; nil where they can.
  public let hindrance: String?

  /// Both runs, and what both have.
  let runs: ComparedRuns

  /// Compares two finished runs.
  ///
  /// - Throws: ``ComparisonError`` where numbers of the runs do not mean the same, and
  ///   `FindingsError` for damaged tables.
  /// - Complexity: O(experts) for each unit.
  public init(of first: RunFolder, and second: RunFolder) throws {
    runs = try ComparedRuns([first, second])
    hindrance = Self.hindrance(of: runs)
    guard !layerChanges.isEmpty else {
      throw ComparisonError.nothingInCommon(runs: [first.path, second.path])
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
          LayerChanges.layer(change.key.layer), LayerChanges.projection(change.key.projection),
          LayerChanges.measure(change.key.measure),
        ] + change.change.cells)
    }
    return table
  }

  /// What changed in each layer and projection, in the order of measures, layers and projections.
  var layerChanges: [(key: LayerMeans.Key, change: Change)] {
    let measures = runs.measures.map(\.name)
    let means = runs.means
    let projections = Set(means[0].values.keys.map(\.projection))
      .intersection(means[1].values.keys.map(\.projection))
    let keys = Set(means[0].values.keys).union(means[1].values.keys)
    return keys.filter {
      measures.contains($0.measure) && projections.contains($0.projection)
    }.sorted().map { key in
      (
        key,
        Change(
          from: means[0].values[key] ?? .none, to: means[1].values[key] ?? .none,
          ofExcess: runs.comparesExcess(of: key.measure))
      )
    }
  }

  /// The units whose pairs of experts can be compared one by one, in order.
  public var comparableUnits: [RunUnit] {
    guard hindrance == nil else { return [] }
    return first.manifest.units.filter { unit in
      unit.subject != .activations
        && second.manifest.units.contains { $0.key == unit.key }
    }
  }

  /// How the similarity of each pair of experts of a unit changed, on the hidden side.
  ///
  /// - Parameter unit: One of ``comparableUnits``.
  /// - Returns: A table in the form of `TableDefinition.similarityChanges` or of its `ofGradients`,
  ///   with the pairs that both runs have; nil where one of them has no similarities.
  /// - Throws: `FindingsError` for a damaged table.
  /// - Complexity: O(pairs)
  public func similarityChanges(of unit: RunUnit) throws -> Table? {
    let isOfGradients = unit.subject == .gradients
    let definition = isOfGradients ? TableDefinition.similarity.ofGradients : .similarity
    guard let projection = unit.key.projection,
      let a = try first.drawnTable(definition, of: unit),
      let b = try second.drawnTable(definition, of: unit)
    else { return nil }
    let before = PairValues(a)
    let after = PairValues(b)
    let isOfExcess = runs.comparesExcess(
      of: isOfGradients ? .gradientSimilarity : .similarity)
    var table = Table(isOfGradients ? .similarityChanges.ofGradients : .similarityChanges)
    for pair in before.pairs {
      guard let old = before.values[pair], let new = after.values[pair] else { continue }
      table.append(
        contentsOf: [
          SimilarityChanges.layer(unit.layer), SimilarityChanges.projection(projection),
          SimilarityChanges.expertA(pair.a), SimilarityChanges.expertB(pair.b),
        ] + Change(from: old, to: new, ofExcess: isOfExcess).cells)
    }
    return table
  }

  /// Says why experts cannot be compared pair by pair.
  private static func hindrance(of runs: ComparedRuns) -> String? {
    let layers = runs.runs.map(\.manifest.options.layers)
    if layers[0].count != layers[1].count {
      return
        "A has \(counted(layers[0].count, "layer")), B has \(counted(layers[1].count, "layer"))"
    }
    if layers[0] != layers[1] { return "A and B were measured in different layers" }
    return runs.otherExperts.map {
      "\($0.unit.title) has \($0.counts[0]) experts in A and \($0.counts[1]) in B"
    }
  }
}

/// The similarities of a unit's pairs on the hidden side.
private struct PairValues {
  struct Pair: Hashable {
    let a, b: ExpertName
  }

  private(set) var pairs: [Pair] = []
  private(set) var values: [Pair: MeasuredValue] = [:]

  init(_ table: Table) {
    let sides = table[Similarity.side]
    let firsts = table[Similarity.expertA]
    let seconds = table[Similarity.expertB]
    let means = table[Similarity.meanCosine]
    let floors = table[Similarity.floorMeanCosine]
    for row in 0..<table.rowCount where sides[row] == .hidden {
      let pair = Pair(a: firsts[row], b: seconds[row])
      pairs.append(pair)
      values[pair] = MeasuredValue(value: means[row], floor: floors[row])
    }
  }
}
