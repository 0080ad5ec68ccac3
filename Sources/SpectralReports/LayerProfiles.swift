internal import Findings

/// Draws how measures change over the layers of a run, a line for each projection beside its floor.
///
/// - Parameter run: The run.
/// - Returns: A figure for each measure that the run has, named like `profile-similarity`; none for
///   a run of a single layer.
/// - Throws: `FindingsError` for damaged tables.
func layerProfiles(of run: RunFolder) throws -> [Figure] {
  let means = try LayerMeans(of: run)
  let layers = run.manifest.options.layers
  guard layers.count > 1 else { return [] }
  return LayerMeans.Measure.allCases.compactMap { measure in
    let keys = means.values.keys.filter { $0.measure == measure }.sorted()
    guard !keys.isEmpty else { return nil }
    func points(
      _ projection: String?, _ value: (MeasuredValue) -> Double
    ) -> [LineChart.Point] {
      keys.filter { $0.unit.projection == projection }.map {
        LineChart.Point(x: Double($0.unit.layer), y: value(means.values[$0] ?? .none))
      }
    }
    let projections = Set(keys.map(\.unit.projection)).map { Unit(layer: 0, projection: $0) }
      .sorted().map(\.projection)
    let floors = projections.map { points($0) { $0.floor } }
    let sharesFloor = Set(floors).count == 1
    let groups =
      projections.enumerated().flatMap { place, projection in
        let colour = seriesColours[place % seriesColours.count]
        let line = LineChart.Group(
          label: projection ?? "all", colour: colour, width: 2,
          lines: [points(projection) { $0.value }])
        let floor = floors[place].filter(\.y.isFinite)
        guard !sharesFloor, !floor.isEmpty else { return [line] }
        return [
          line,
          LineChart.Group(
            label: "its floor", colour: colour, width: 1.5, dashes: "6 5", lines: [floor]),
        ]
      } + (sharesFloor ? LineChart.Group.floor("random floor", floors[0]) : [])
    let chart = LineChart(
      title: "\(measure.title) by layer", subtitle: measure.meaning, xTitle: "layer",
      xTicks: layerTicks(layers),
      panels: [LineChart.Panel(yTitle: measure.axis, startsAtZero: true, groups: groups)])
    return Figure(
      name: figureName(["profile", measure.rawValue]), table: measure.table.name,
      content: .lines(chart))
  }
}

/// Colours that the colour-blind can tell apart.
///
/// Source: M. Okabe and K. Ito, "Color Universal Design", 2008; the blue is that of the figures.
let seriesColours = ["#31688e", "#d55e00", "#009e73", "#cc79a7"]

/// Marks at whole layers, not too many.
func layerTicks(_ layers: [Int]) -> [Tick] {
  let step = max(1, (layers.count + 9) / 10)
  return layers.enumerated().filter { $0.offset % step == 0 }.map {
    Tick(value: Double($0.element), label: "\($0.element)")
  }
}

extension LayerMeans.Measure {
  var title: String {
    switch self {
    case .similarity: "Similarity of experts"
    case .energy: "Energy of the top directions"
    case .routerScore: "Router score"
    case .gradientSimilarity: "Similarity of gradients"
    case .gradientEnergy: "Energy of the gradients' top directions"
    }
  }

  var meaning: String {
    switch self {
    case .similarity: "mean over pairs of experts, hidden side, beside random subspaces"
    case .energy: "share of an expert's squared weights in its top directions, mean over experts"
    case .routerScore: "share of a router row in the top directions of its own expert"
    case .gradientSimilarity: "mean over pairs of experts' gradients, hidden side"
    case .gradientEnergy: "share of a gradient's squared norm in its top directions"
    }
  }

  var axis: String {
    switch self {
    case .similarity, .gradientSimilarity: "mean cosine"
    case .energy, .gradientEnergy: "share of energy"
    case .routerScore: "score"
    }
  }

  var table: TableDefinition {
    switch self {
    case .similarity: .summary
    case .energy: .energy
    case .routerScore: .routerSummary
    case .gradientSimilarity: .summary.ofGradients
    case .gradientEnergy: .energy.ofGradients
    }
  }
}
