internal import Experts
internal import Findings
internal import Pictures

extension FigureKind {
  /// The measures over the layers.
  static let profile = FigureKind(
    ofRuns: "profile", in: .profiles, paperFigure: "beyond the paper",
    shows: "measures over the layers"
  ) {
    try layerProfiles(of: $0).map { (nil, $0) }
  }
}

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
  return LayerMeasure.all.compactMap { measure in
    let keys = means.values.keys.filter { $0.measure == measure.name }.sorted()
    guard !keys.isEmpty else { return nil }
    func points(
      _ projection: Projection, _ value: (MeasuredValue) -> Double
    ) -> [LineChart.Point] {
      keys.filter { $0.projection == projection }.map {
        LineChart.Point(x: Double($0.layer), y: value(means.values[$0] ?? .none))
      }
    }
    let projections = Projection.allCases.filter { each in
      keys.contains { $0.projection == each }
    }
    let floors = projections.map { points($0) { $0.floor } }
    let sharesFloor = Set(floors).count == 1
    let groups =
      projections.enumerated().flatMap { place, projection in
        let colour = seriesColours[place % seriesColours.count]
        let line = LineChart.Group(
          label: projection.rawValue, colour: colour, width: 2,
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
      name: measure.figureName, table: measure.table.name,
      picture: .lines(chart))
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

extension LayerMeasure {
  /// The name of its figure, such as `profile-similarity`.
  var figureName: String { "\(FigureKind.profile.name)-\(name.rawValue)" }
}
