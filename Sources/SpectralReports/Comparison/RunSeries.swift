internal import Experts
public import Findings
internal import Pictures

/// More than two runs in an order, such as the steps of a training: how each measure goes on from
/// run to run.
///
/// A mean is of the layers that all runs have, without experts that one of them left out. Runs are
/// numbered from 1.
public struct RunSeries: Sendable {
  /// The runs, and what all of them have.
  let runs: ComparedRuns

  /// What each run is called.
  public var names: [String] { runs.names }

  /// Takes finished runs in their order.
  ///
  /// - Throws: ``ComparisonError`` where numbers of the runs do not mean the same or nothing is in
  ///   all of them, and `FindingsError` for damaged tables.
  /// - Complexity: O(experts) for each unit.
  /// - Precondition: There are runs.
  public init(of runs: [RunFolder]) throws {
    self.runs = try ComparedRuns(runs)
    guard self.runs.measures.contains(where: { !self.runs.common($0.name).isEmpty }) else {
      throw ComparisonError.nothingInCommon(runs: runs.map(\.path))
    }
  }

  /// The measures that have layers and projections in all runs.
  private var measures: [LayerMeasure] {
    runs.measures.filter { !runs.common($0.name).isEmpty }
  }

  // MARK: Numbers

  /// The means over layers, in the form of `TableDefinition.runMeans`.
  public var meanTable: Table {
    var table = Table(.runMeans)
    for measure in measures.map(\.name) {
      for projection in projections(of: measure) {
        let keys = runs.common(measure).filter { $0.projection == projection }
        for place in runs.runs.indices {
          let mean = Mean(of: keys, in: runs.means[place])
          table.append(
            RunMeans.measure(measure), RunMeans.projection(projection), RunMeans.run(place + 1),
            RunMeans.layers(keys.count), RunMeans.value(mean.value), RunMeans.floor(mean.floor),
            RunMeans.excess(mean.excess))
        }
      }
    }
    return table
  }

  /// The numbers of each layer and projection that all runs have, in the form of
  /// `TableDefinition.runLayers`.
  public var layerTable: Table {
    var table = Table(.runLayers)
    for key in measures.flatMap({ runs.common($0.name) }) {
      for (place, means) in runs.means.enumerated() {
        let value = means.values[key] ?? .none
        table.append(
          RunLayers.measure(key.measure), RunLayers.layer(key.layer),
          RunLayers.projection(key.projection), RunLayers.run(place + 1),
          RunLayers.value(value.value), RunLayers.floor(value.floor),
          RunLayers.excess(value.excess))
      }
    }
    return table
  }

  /// Means over layers and projections, that of the excess over chance among them.
  private struct Mean {
    let value, floor, excess: Double

    init(of keys: [LayerMeans.Key], in means: LayerMeans) {
      let values = keys.compactMap { means.values[$0] }
      value = plainMean(values.map(\.value))
      floor = plainMean(values.map(\.floor))
      excess = plainMean(values.map(\.excess))
    }
  }

  private func projections(of measure: ComparedMeasure) -> [Projection] {
    let found = Set(runs.common(measure).map(\.projection))
    return Projection.allCases.filter(found.contains)
  }

  // MARK: Words

  /// What became of each measure from the first run to the last.
  var sentences: [String] {
    measures.map { measure in
      let keys = runs.common(measure.name)
      let means = runs.means.map { Mean(of: keys, in: $0) }
      let isOfExcess = runs.comparesExcess(of: measure.name)
      let shown = means.map { isOfExcess ? $0.excess : $0.value }
      let last = means.count - 1
      let ends = ChangeTexts(from: shown[0], to: shown[last])
      func extreme(_ place: Int?) -> String {
        place.map { "\(fixedText(shown[$0], places: 3)) in run \($0 + 1)" } ?? "-"
      }
      let least = shown.indices.min { shown[$0] < shown[$1] }
      let most = shown.indices.max { shown[$0] < shown[$1] }
      let floors = [means[0].floor, means[last].floor].map { fixedText($0, places: 3) }
      let chance =
        !means.allSatisfy(\.floor.isFinite) || isOfExcess
        ? "" : ", by chance \(fixedText(means[0].floor, places: 3))"
      let whole =
        isOfExcess
        ? " The values are \(fixedText(means[0].value, places: 3)) and \(fixedText(means[last].value, places: 3)), by chance \(floors[0]) and \(floors[1])."
        : ""
      let left = runs.leftOutText(
        of: measure.name, labels: runs.runs.indices.map { "run \($0 + 1)" })
      return
        "\(measure.title): \(isOfExcess ? "the excess over chance goes " : "")from \(ends.before) in run 1 to \(ends.after) in run \(last + 1), by \(ends.change)\(chance); least \(extreme(least)), most \(extreme(most)), over \(keys.count) layers and projections.\(whole)\(left.map { " \($0)" } ?? "")"
    }
  }

  // MARK: Pictures

  /// A chart over the runs for each measure, and a map of layers and runs for each of its
  /// projections.
  var figures: [Figure] { measures.map(chart) + measures.flatMap(maps) }

  private func chart(of measure: LayerMeasure) -> Figure {
    let isOfExcess = runs.comparesExcess(of: measure.name)
    let groups = projections(of: measure.name).enumerated().flatMap { place, projection in
      let keys = runs.common(measure.name).filter { $0.projection == projection }
      let means = runs.means.map { Mean(of: keys, in: $0) }
      func points(_ value: (Mean) -> Double) -> [LineChart.Point] {
        means.enumerated().map { LineChart.Point(x: Double($0 + 1), y: value($1)) }
      }
      let colour = seriesColours[place % seriesColours.count]
      let line = LineChart.Group(
        label: projection.rawValue, colour: colour, width: 2, lines: [points(\.value)])
      let floors = points(\.floor).filter(\.y.isFinite)
      guard !floors.isEmpty else { return [line] }
      return [
        line,
        LineChart.Group(
          label: "its floor", colour: colour, width: 1.5, dashes: "6 5", lines: [floors]),
      ]
    }
    let chart = LineChart(
      title: "\(measure.title), run by run", subtitle: measure.meaning, xTitle: "run",
      xTicks: layerTicks(Array(1...runs.runs.count)),
      panels: [LineChart.Panel(yTitle: measure.axis, startsAtZero: true, groups: groups)],
      notes: isOfExcess
        ? ["Floors differ from run to run: compare how far lines are from theirs."] : [])
    return Figure(
      name: "series-\(measure.name.rawValue)", table: TableDefinition.runMeans.name,
      picture: .lines(chart))
  }

  private func maps(of measure: LayerMeasure) -> [Figure] {
    let isOfExcess = runs.comparesExcess(of: measure.name)
    let common = runs.common(measure.name)
    func shown(_ key: LayerMeans.Key) -> [Double] {
      runs.means.map { means in
        means.values[key].map { isOfExcess ? $0.excess : $0.value } ?? .nan
      }
    }
    let scale = scaleEnd(of: common.flatMap(shown))
    return projections(of: measure.name).compactMap { projection in
      let keys = common.filter { $0.projection == projection }
      guard keys.count > 1 else { return nil }
      let floors = isOfExcess ? [0] : Set(keys.map { runs.means[0].values[$0]?.floor ?? .nan })
      let map = Heatmap(
        title: "\(measure.title), \(projection.rawValue)",
        subtitle: "\(isOfExcess ? "excess over chance, " : "")layers and runs",
        measure: isOfExcess ? "excess" : measure.axis, rowTitle: "layer", columnTitle: "run",
        rowLabels: keys.map { "\($0.layer)" },
        columnLabels: runs.runs.indices.map { "\($0 + 1)" }, values: keys.flatMap(shown),
        hasNeutralDiagonal: false, floor: floors.count == 1 ? floors.first ?? .nan : .nan,
        scaleMaximum: scale)
      return Figure(
        name: "series-\(measure.name.rawValue)-\(projection.rawValue)",
        table: TableDefinition.runLayers.name, picture: .heatmap(map))
    }
  }

  // MARK: Files

  /// Writes the report into a folder that has `tables` and `figures`.
  ///
  /// - Throws: `FindingsError` where a file cannot be written, and what the template of the page
  ///   does.
  func write(to folder: String, version: String) throws {
    let figures = figures
    for figure in figures {
      try WholeFile.write(figure.svg, to: "\(folder)/figures/\(figure.name).svg")
    }
    for table in [meanTable, layerTable] {
      try table.write(to: "\(folder)/tables/\(table.definition.name).csv")
    }
    try WholeFile.write(try page(figures), to: "\(folder)/index.html")
    let manifest = SeriesManifest(
      of: runs, version: version, files: try ComparisonReport.digests(of: folder))
    try WholeFile.write(
      try comparisonJSON(manifest), to: "\(folder)/\(ComparisonReport.manifestName)")
  }

  private func page(_ figures: [Figure]) throws -> String {
    let heading = "\(runs.runs.count) runs, from \(names[0]) to \(names[names.count - 1])"
    let data = PageData(
      layers: runs.layers, projections: runs.projections, overview: nil,
      profiles: figures.compactMap { PagePanel($0) }, byProjection: [])
    let means = meanTable
    return try Page(
      title: heading, heading: heading,
      lead: "Runs of sdmoe analyze in the order in which they were given.",
      facts: runs.facts.enumerated().map { ("run \($0 + 1)", $1) },
      findings: sentences.map(Finding.init(paragraph:)),
      sections: [.series], absent: [], manifest: ComparisonReport.manifestName,
      data: try scriptJSON(data), units: [],
      tables: [
        (
          "Means over layers",
          "Each is of the layers that all runs have; the numbers of single layers are in tables/run_layers.csv.",
          means.definition.columns.map(\.name), means.shortRows(means.rowCount)
        )
      ]
    ).html
  }
}

extension ReportSection {
  /// The measures over the runs.
  fileprivate static let series = ReportSection(
    id: "profiles", title: "Run by run",
    lead:
      "How each measure goes on from run to run: the mean over the layers that all runs have, beside its floor, and below it each layer."
  )
}

/// What a series was made of.
private struct SeriesManifest: Encodable {
  let version: String
  let runs: [ComparisonManifest.Run]
  let definitions: [String: String]
  /// The digests of all other files.
  let files: [String: String]

  init(of compared: ComparedRuns, version: String, files: [String: String]) {
    self.version = version
    self.files = files
    runs = zip(compared.runs, compared.names).map {
      ComparisonManifest.Run($0.manifest, name: $1)
    }
    definitions = compared.runs[0].manifest.definitions
  }
}
