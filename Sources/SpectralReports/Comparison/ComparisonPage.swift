internal import Findings
internal import Pictures

/// The page of a comparison.
struct ComparisonPage {
  /// The page.
  let html: String

  /// Puts the page together.
  ///
  /// - Throws: What the template does.
  init(
    comparison: RunComparison, sentences: [String], profiles: [Figure], parts: [PagePart],
    largest: Table
  ) throws {
    let heading = comparison.names.joined(separator: " and ")
    let layers = comparison.runs.layers
    let projections = comparison.runs.projections
    let data = PageData(
      layers: layers, projections: projections,
      overview: PageOverview(of: comparison), profiles: profiles.compactMap { PagePanel($0) },
      byProjection: [])
    let drawn = parts.reduce(into: Set([ReportSection.comparedLayers])) {
      $0.formUnion($1.sections)
    }
    html = try Page(
      title: "\(heading) compared", heading: heading,
      lead: "Two runs of sdmoe analyze beside one another: A is the first, B the second.",
      facts: comparison.facts, findings: sentences.map(Finding.init(paragraph:)),
      sections: ReportSection.ofComparisons.filter(drawn.contains), absent: [],
      manifest: ComparisonReport.manifestName, data: try scriptJSON(data), units: parts,
      tables: largest.rowCount == 0
        ? []
        : [
          (
            "Largest changes",
            "The pairs of experts whose similarity changed most, over all layers and projections; all of them are in the tables.",
            largest.definition.columns.map(\.name), largest.shortRows(25)
          )
        ]
    ).html
  }
}

extension ReportSection {
  /// The sections of a comparison's page, in order.
  fileprivate static let ofComparisons = [comparedLayers, comparedPairs, comparedGradients]

  /// What changed in each layer.
  fileprivate static let comparedLayers = ReportSection(
    id: "profiles", title: "Layer by layer",
    lead:
      "How much the similarity of experts changed from A to B: red is more alike than before, blue less."
  )

  /// What changed of each pair of experts.
  static let comparedPairs = ReportSection(
    id: "maps", title: "Similarity of experts",
    lead: "Both runs on one scale, and the difference of each pair of experts.")

  /// The same of gradients.
  static let comparedGradients = ReportSection(
    id: "gradients", title: "Gradients", lead: "The same of the experts' gradients.")
}

extension PageOverview {
  /// Takes the change of the similarity of experts or, in runs without, of another measure.
  init?(of comparison: RunComparison) {
    let changes = comparison.layerChanges
    guard
      let measure = LayerMeasure.all.first(where: { each in
        changes.contains { $0.key.measure == each.name }
      })
    else { return nil }
    let cells = Dictionary(uniqueKeysWithValues: changes.map { ($0.key, $0.change.size) })
    let values = comparison.runs.layers.map { layer in
      comparison.runs.projections.map { projection in
        let key = LayerMeans.Key(measure: measure.name, layer: layer, projection: projection)
        return cells[key].flatMap { threeDigits($0) }
      }
    }
    self.init(
      title: "Change of: \(measure.title), \(measure.meaning)", values: values,
      floors: values.map { $0.map { _ in nil } },
      scale: scaleEnd(of: values.flatMap(\.self).compactMap(\.self).map(abs)),
      diverging: true)
  }
}

extension Table {
  /// The first rows as words, numbers with three digits.
  func shortRows(_ count: Int) -> [[String]] {
    (0..<min(count, rowCount)).map { row in
      cells(ofRow: row).map { cell in
        switch cell {
        case .integer(let value): "\(value)"
        case .number(let value): value.isNaN ? "" : fixedText(value, places: 3)
        case .text(let text): text
        }
      }
    }
  }
}
