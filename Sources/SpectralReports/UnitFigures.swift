internal import Findings

/// Draws the figures of one unit of a run.
struct UnitFigures {
  let run: RunFolder
  let scales: FigureScales

  /// Draws all figures that the unit has tables for.
  ///
  /// - Throws: `FindingsError` for damaged tables.
  func figures(of unit: RunManifest.Unit) throws -> [Figure] {
    let largest = run.manifest.units.map(\.layer).max()
    func table(_ definition: TableDefinition) throws -> Table? {
      try run.drawnTable(
        unit.subject == .gradients ? definition.ofGradients : definition, of: unit)
    }
    var figures: [Figure] = []
    if let similarity = try table(.similarity) {
      figures += similarityHeatmaps(
        similarity: similarity, energy: try table(.energy) ?? Table(.energy),
        scaleMaximum: scales.similarity(of: unit.subject), largestLayer: largest)
    }
    if let tail = try table(.tailSimilarity) {
      figures += tailSimilarityHeatmaps(
        tailSimilarity: tail, scaleMaximum: scales.similarity(of: unit.subject),
        largestLayer: largest)
    }
    if let bands = try table(.bands) { figures += bandCharts(bands: bands, largestLayer: largest) }
    if let spectrum = try table(.spectrum) {
      figures += spectrumCharts(spectrum: spectrum, largestLayer: largest)
    }
    if let scores = try table(.routerScore) {
      figures += routerScoreHeatmaps(
        routerScore: scores, scaleMaximum: scales.routerScore, largestLayer: largest)
    }
    if let alignment = try table(.routerAlignment) {
      figures += routerAlignmentCharts(routerAlignment: alignment, largestLayer: largest)
    }
    if let ratios = try table(.activationRatio) {
      figures += activationRatioCharts(activationRatio: ratios, largestLayer: largest)
    }
    if let routerData = try table(.routerData) {
      figures += routerDataCharts(routerData: routerData, largestLayer: largest)
    }
    if let alignment = try table(.dataAlignment) {
      figures += dataAlignmentHeatmaps(
        dataAlignment: alignment, scaleMaximum: scales.dataAlignment, largestLayer: largest)
    }
    if let routing = try table(.routing) {
      figures += routingFigures(
        routing: routing, coactivation: try table(.coactivation) ?? Table(.coactivation),
        scaleMaximum: scales.coactivation, largestLayer: largest)
    }
    return figures
  }
}

/// One colour scale for all heatmaps of a kind, so that layers can be compared.
struct FigureScales: Sendable {
  private var weights = 0.0
  private var gradients = 0.0
  private(set) var routerScore = 0.0
  private(set) var dataAlignment = 0.0
  private(set) var coactivation = 0.0

  /// The scales that hold everything that other ones hold.
  init(holding scales: [FigureScales]) {
    for other in scales {
      weights = max(weights, other.weights)
      gradients = max(gradients, other.gradients)
      routerScore = max(routerScore, other.routerScore)
      dataAlignment = max(dataAlignment, other.dataAlignment)
      coactivation = max(coactivation, other.coactivation)
    }
  }

  /// The scales of a single unit.
  init(of unit: RunManifest.Unit, in run: RunFolder) throws {
    func largest(_ definition: TableDefinition, _ maximum: (Table) -> Double) throws -> Double {
      try run.drawnTable(definition, of: unit).map(maximum) ?? 0
    }
    weights = max(
      try largest(.similarity) { similarityScaleMaximum(of: $0) },
      try largest(.tailSimilarity) { tailSimilarityScaleMaximum(of: $0) })
    gradients = max(
      try largest(.similarity.ofGradients) { similarityScaleMaximum(of: $0) },
      try largest(.tailSimilarity.ofGradients) { tailSimilarityScaleMaximum(of: $0) })
    routerScore = try largest(.routerScore) { routerScoreScaleMaximum(of: $0) }
    dataAlignment = try largest(.dataAlignment) { dataAlignmentScaleMaximum(of: $0) }
    coactivation = try largest(.coactivation) { coactivationScaleMaximum(of: $0) }
  }

  /// The dominant and the tail heatmaps of a subject share one scale.
  func similarity(of subject: RunManifest.Unit.Subject) -> Double {
    subject == .gradients ? gradients : weights
  }
}

extension RunFolder {
  /// Reads those columns of a unit's table that figures show.
  ///
  /// A pair table of 256 experts has 33,000 rows for each side: what is not drawn costs time.
  func drawnTable(_ definition: TableDefinition, of unit: RunManifest.Unit) throws -> Table? {
    let left = ["overlap", "max_cosine", "min_cosine", "geodesic"]
    let columns = definition.columns.map(\.name).filter { !left.contains($0) }
    guard let table = try table(definition, of: unit, columns: Set(columns)) else { return nil }
    if let problem = table.problemOfPairs {
      throw FindingsError.inconsistent(path: path(of: definition, of: unit), reason: problem)
    }
    return table
  }
}

extension Table {
  /// Why the rows are not one for each pair of experts and side; nil where they are, and of tables
  /// without pairs.
  fileprivate var problemOfPairs: String? {
    let names = Set(definition.columns.map(\.name))
    guard names.contains("expert_a"), definition.name.hasSuffix("similarity") else { return nil }
    let sides = names.contains("side") ? texts("side") : []
    let rows = Dictionary(grouping: 0..<rowCount) { sides.isEmpty ? "" : sides[$0] }
    let first = texts("expert_a")
    let second = texts("expert_b")
    for (_, rows) in rows.sorted(by: { $0.key < $1.key }) {
      var places: [String: Int] = [:]
      for row in rows {
        for name in [first[row], second[row]] where places[name] == nil {
          places[name] = places.count
        }
      }
      var seen = [Bool](repeating: false, count: places.count * places.count)
      for row in rows {
        guard let a = places[first[row]], let b = places[second[row]] else { continue }
        let pair = min(a, b) * places.count + max(a, b)
        if a == b || seen[pair] { return "names the pair \(first[row]), \(second[row]) twice" }
        seen[pair] = true
      }
      let whole = places.count * (places.count - 1) / 2
      if rows.count != whole {
        return "has \(rows.count) pairs of \(places.count) experts instead of \(whole)"
      }
    }
    return nil
  }
}
