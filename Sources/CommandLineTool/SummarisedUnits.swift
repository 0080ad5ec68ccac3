import Findings

/// What a run says of each layer and projection, as far as its summary speaks of it.
struct SummarisedUnits {
  /// Similarity on the hidden side, over the routed experts of a layer.
  struct Similarity {
    let mean: Double
    let floor: Double
    let excess: Double
    /// The 95th percentile of a random pair.
    let percentile95: Double
  }

  private let summary: Table?
  private let energy: Table?
  private let router: Table?
  private let floors: Table?

  init(of folder: RunFolder) throws {
    summary = try folder.table(.summary)
    energy = try folder.table(.energy)
    router = try folder.table(.routerSummary)
    floors = try folder.table(.floors)
  }

  var hasSimilarity: Bool { summary != nil }
  var hasEnergy: Bool { energy != nil }
  var hasRouter: Bool { router != nil }

  /// k of the routed experts.
  var leading: Int? { (floors ?? router ?? energy)?.integers("k").first }

  /// In how many layers and projections the router leans on its own expert beyond chance.
  var leaningCount: Int {
    guard let router else { return 0 }
    let floors = router.numbers("floor")
    let deviations = router.numbers("floor_sd")
    return router.numbers("matched").enumerated().count { row, matched in
      matched > floors[row] + 2 * deviations[row]
    }
  }

  var energyCount: Int { energy?.rowCount ?? 0 }

  /// The experts whose last top direction is hardly defined.
  var flaggedCount: Int { energy?.texts("flag").count { $0 != "" } ?? 0 }

  func similarity(_ projection: String) -> [Similarity] {
    guard let summary else { return [] }
    let means = summary.numbers("mean")
    let floors = summary.numbers("floor")
    let excesses = summary.numbers("excess")
    let sides = summary.texts("side")
    let projections = summary.texts("projection")
    let percentiles = percentilesByMean
    return (0..<summary.rowCount).filter { sides[$0] == "hidden" && projections[$0] == projection }
      .map {
        Similarity(
          mean: means[$0], floor: floors[$0], excess: excesses[$0],
          percentile95: percentiles[floors[$0]] ?? floors[$0])
      }
  }

  /// The energies of all routed experts.
  func energies(_ projection: String) -> [Double] {
    guard let energy else { return [] }
    let values = energy.numbers("energy_top")
    let experts = energy.texts("expert")
    let projections = energy.texts("projection")
    return (0..<energy.rowCount).filter {
      projections[$0] == projection && Int(experts[$0]) != nil
    }.map { values[$0] }
  }

  /// A column of the router's summary, of one projection.
  func routers(_ projection: String, _ column: String) -> [Double] {
    guard let router else { return [] }
    return zip(router.texts("projection"), router.numbers(column)).filter { $0.0 == projection }
      .map(\.1)
  }

  /// A column of the router's summary, of all projections.
  func routers(_ column: String) -> [Double] { router?.numbers(column) ?? [] }

  private var percentilesByMean: [Double: Double] {
    guard let floors else { return [:] }
    let rows = zip(floors.texts("measure"), zip(floors.numbers("mean"), floors.numbers("p95")))
    return Dictionary(
      rows.filter { $0.0 == "mean_cosine" }.map(\.1), uniquingKeysWith: { first, _ in first })
  }
}
