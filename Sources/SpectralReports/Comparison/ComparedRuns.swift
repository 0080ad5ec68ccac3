internal import Experts
internal import Findings

/// Runs beside one another, in the order in which they were given.
///
/// What is said of several runs at once is said of one set: the layers and projections that all of
/// them measured and, in these, the experts that none of them left out.
struct ComparedRuns: Sendable {
  /// The runs.
  let runs: [RunFolder]

  /// What the runs are called: by their checkpoints, and by their folders where that is the same.
  let names: [String]

  /// The means of each run.
  let means: [LayerMeans]

  /// How many experts of each run are in no mean, as another run left them out.
  private let leftOutExperts: [UnitKey.Subject: [Int]]

  /// A unit in which the runs have different numbers of experts, and these.
  let otherExperts: (unit: UnitKey, counts: [Int])?

  /// Whether the runs measured different parts of the weights.
  let hasOtherPart: Bool

  /// The measures that are compared by their excess over chance.
  private let excessMeasures: Set<ComparedMeasure>

  /// Reads what the means are taken of.
  ///
  /// - Throws: ``ComparisonError`` where numbers of the runs do not mean the same, and
  ///   `FindingsError` for damaged tables.
  init(_ runs: [RunFolder]) throws {
    for other in runs.dropFirst() { try Self.requireSameMeasures(runs[0], other) }
    self.runs = runs
    names = runNames(
      models: runs.map(\.manifest.checkpoint.title), folders: runs.map(\.path))
    var means = try runs.map { try LayerMeans(of: $0) }
    let leftOut = try runs.map { try Self.leftOut(of: $0) }
    var counts: [UnitKey.Subject: [Int]] = [:]
    var otherExperts: (unit: UnitKey, counts: [Int])?
    for unit in runs[0].manifest.units {
      let records = runs.compactMap { $0.manifest.units.first { $0.key == unit.key } }
      let numbers = means.compactMap { $0.expertNumbers[unit.key] }
      guard records.count == runs.count else { continue }
      let own = leftOut.map { $0[unit.key] ?? [] }
      let totals = zip(numbers, own).map { $0 + $1.count }
      if numbers.count == runs.count, Set(totals).count > 1 {
        // Experts of other numbers have other meanings: there are none in common to be named.
        otherExperts = otherExperts ?? (unit.key, totals)
        continue
      }
      let all = own.reduce(into: Set()) { $0.formUnion($1) }
      for place in runs.indices where own[place] != all {
        try means[place].leaveOut(all, of: records[place], in: runs[place])
        let none = runs.map { _ in 0 }
        counts[unit.subject, default: none][place] += all.count - own[place].count
      }
    }
    self.means = means
    self.otherExperts = otherExperts
    leftOutExperts = counts
    let parts = Set(runs.map { $0.manifest.options[.part] })
    hasOtherPart = parts.count > 1
    excessMeasures = Self.excessMeasures(of: means, hasOtherPart: hasOtherPart)
  }

  /// Whether a measure is compared by its excess over chance: where chance would give something
  /// else in one of the runs, or parts were measured that are not the same.
  func comparesExcess(of measure: ComparedMeasure) -> Bool { excessMeasures.contains(measure) }

  /// The layers and projections of a measure that all runs have, in order.
  func common(_ measure: ComparedMeasure) -> [LayerMeans.Key] {
    let isOfExcess = comparesExcess(of: measure)
    return means[0].values.keys.filter { key in
      key.measure == measure
        && means.allSatisfy { means in
          let value = means.values[key] ?? .none
          return (isOfExcess ? value.excess : value.value).isFinite
        }
    }.sorted()
  }

  /// How many layers and projections of a measure each run has that are not among the common ones.
  func leftOutUnits(_ measure: ComparedMeasure) -> [Int] {
    let common = Set(common(measure))
    return means.map { means in
      means.values.keys.count { $0.measure == measure && !common.contains($0) }
    }
  }

  /// The measures that every run has.
  var measures: [LayerMeasure] {
    LayerMeasure.all.filter { measure in
      means.allSatisfy { $0.values.keys.contains { $0.measure == measure.name } }
    }
  }

  /// The layers that any run has.
  var layers: [Int] {
    runs.reduce(into: Set()) { $0.formUnion($1.manifest.options.layers) }.sorted()
  }

  /// The projections that all runs have, in the order of the first.
  var projections: [Projection] {
    runs[0].manifest.options.projections.filter { projection in
      runs.allSatisfy { $0.manifest.options.projections.contains(projection) }
    }
  }

  /// What each run is, in words.
  var facts: [String] {
    zip(names, runs.map(\.manifest)).map { name, manifest in
      let part = manifest.options[.part].map { ", \($0) parts" } ?? ""
      return
        "\(name), \(manifest.options.layers.count) layers\(part), k = \(manifest.k), fingerprint \(manifest.checkpoint.fingerprint.prefix(16))"
    }
  }

  /// What was left out of the means of a measure, in a sentence; none where all runs have the same.
  ///
  /// - Parameters:
  ///   - measure: What is measured.
  ///   - labels: What the runs are called.
  /// - Returns: The sentence.
  func leftOutText(of measure: ComparedMeasure, labels: [String]) -> String? {
    func listed(_ counts: [Int], _ thing: String) -> String? {
      let shown = zip(counts, labels).filter { $0.0 > 0 }.map { "\($0) of \($1)" }
      return shown.isEmpty ? nil : "\(thing), \(shown.joined(separator: " and "))"
    }
    let texts = [
      listed(leftOutUnits(measure), "layers and projections"),
      listed(
        leftOutExperts[measure.isOfGradients ? .gradients : .weights] ?? [],
        "experts, counted in each of them"),
    ].compactMap(\.self)
    return texts.isEmpty
      ? nil : "Left out, as not every run has them: \(texts.joined(separator: "; "))."
  }

  // MARK: What is the same

  private static func excessMeasures(
    of means: [LayerMeans], hasOtherPart: Bool
  ) -> Set<ComparedMeasure> {
    Set(
      LayerMeasure.all.filter { measure in
        if hasOtherPart && measure.dependsOnPart { return true }
        return means[0].values.keys.contains { key in
          guard key.measure == measure.name else { return false }
          // Floors come from a simulation with a fixed seed: of equal sizes they are equal.
          let floors = means.compactMap { $0.values[key]?.floor }
          return floors.count == means.count && floors.allSatisfy(\.isFinite)
            && Set(floors).count > 1
        }
      }.map(\.name))
  }

  /// The routed experts that a run left out of each unit.
  private static func leftOut(of run: RunFolder) throws -> [UnitKey: Set<ExpertName>] {
    var found: [UnitKey: Set<ExpertName>] = [:]
    for unit in run.manifest.units {
      for definition in [TableDefinition.leftOut, .leftOut.ofGradients] {
        guard let table = try run.table(definition, of: unit) else { continue }
        let experts = table[LeftOutParts.expert].map { ExpertName($0) }.filter(\.isRouted)
        found[unit.key, default: []].formUnion(experts)
      }
    }
    return found
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
      let sides = (own.sides, other.sides)
      guard sides.0 == sides.1 else {
        throw ComparisonError.otherSides(first: first.path, second: second.path, sides: sides)
      }
    }
  }
}

extension Table {
  /// The sides that a table of similarities has, by name.
  fileprivate var sides: [String] { Set(self[Summary.side]).map(\.rawValue).sorted() }
}

/// What runs are called: by their models, and by their folders too where models are the same.
///
/// - Parameters:
///   - models: What each run says of its checkpoint.
///   - folders: Where each run lies.
/// - Returns: A name for each run, with as much of its path as tells it from those of the same
///   model.
func runNames(models: [String], folders: [String]) -> [String] {
  let parts = folders.map { $0.split(separator: "/").map(String.init) }
  return models.indices.map { place in
    let others = models.indices.filter { $0 != place && models[$0] == models[place] }
    if others.isEmpty { return models[place] }
    func end(_ place: Int, _ count: Int) -> String {
      parts[place].suffix(count).joined(separator: "/")
    }
    // A run beside itself has no name of its own.
    let told = others.filter { parts[$0] != parts[place] }
    let count =
      (1...max(1, parts[place].count)).first { count in
        told.allSatisfy { end($0, count) != end(place, count) }
      } ?? parts[place].count
    return "\(models[place]) (\(end(place, count)))"
  }
}
