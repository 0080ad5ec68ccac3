internal import Findings

/// The means of a run's layers and projections, each beside its floor.
struct LayerMeans: Sendable {
  enum Measure: String, Sendable, CaseIterable {
    case similarity
    case energy
    case routerScore = "router_score"
    case gradientSimilarity = "gradient_similarity"
    case gradientEnergy = "gradient_energy"

    /// Whether it means something else of unique parts than of whole weights.
    var dependsOnPart: Bool { self == .similarity }
  }

  struct Key: Hashable, Comparable {
    let measure: Measure
    let unit: Unit

    static func < (first: Key, second: Key) -> Bool {
      let places = (
        Measure.allCases.firstIndex(of: first.measure) ?? 0,
        Measure.allCases.firstIndex(of: second.measure) ?? 0
      )
      return places.0 == places.1 ? first.unit < second.unit : places.0 < places.1
    }
  }

  private(set) var values: [Key: MeasuredValue] = [:]
  /// How many pairs of experts a mean of similarities is of.
  private(set) var pairCounts: [Key: Int] = [:]

  /// Reads the small tables of a run.
  init(of run: RunFolder) throws {
    try addSimilarities(run.table(.summary), .similarity)
    try addSimilarities(run.table(.summary.ofGradients), .gradientSimilarity)
    try addEnergies(run.table(.energy), .energy)
    try addEnergies(run.table(.energy.ofGradients), .gradientEnergy)
    try addRouterScores(run.table(.routerSummary))
  }

  private mutating func addSimilarities(_ table: Table?, _ measure: Measure) {
    guard let table else { return }
    let sides = table.texts("side")
    let means = table.numbers("mean")
    let floors = table.numbers("floor")
    let counts = table.integers("pairs")
    for (unit, rows) in table.rowsByUnit(where: { sides[$0] == "hidden" }) {
      let key = Key(measure: measure, unit: unit)
      for row in rows {
        values[key] = MeasuredValue(value: means[row], floor: floors[row])
        pairCounts[key] = counts[row]
      }
    }
  }

  private mutating func addEnergies(_ table: Table?, _ measure: Measure) {
    guard let table else { return }
    let experts = table.texts("expert")
    let energies = table.numbers("energy_top")
    for (unit, rows) in table.rowsByUnit(where: { ExpertName(experts[$0]).isRouted }) {
      let mean = rows.reduce(0) { $0 + energies[$1] } / Double(rows.count)
      values[Key(measure: measure, unit: unit)] = MeasuredValue(value: mean, floor: .nan)
    }
  }

  private mutating func addRouterScores(_ table: Table?) {
    guard let table else { return }
    let scores = table.numbers("matched")
    let floors = table.numbers("floor")
    for (unit, rows) in table.rowsByUnit() {
      for row in rows {
        values[Key(measure: .routerScore, unit: unit)] = MeasuredValue(
          value: scores[row], floor: floors[row])
      }
    }
  }
}
