internal import Findings

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
    let first = comparison.first.manifest
    let second = comparison.second.manifest
    let layers = comparison.layers
    let projections = comparison.projections
    let data = PageData(
      layers: layers, projections: projections,
      overview: PageOverview(of: comparison), profiles: profiles.compactMap { PagePanel($0) },
      byProjection: [])
    var sections: [(id: String, title: String, lead: String)] = [
      (
        "profiles", "Layer by layer",
        "How much the similarity of experts changed from A to B: red is more alike than before, blue less."
      )
    ]
    let tables = parts.reduce(into: Set<String>()) { $0.formUnion($1.tables) }
    if tables.contains(TableDefinition.similarityChanges.name) {
      sections.append(
        (
          "maps", "Similarity of experts",
          "Both runs on one scale, and the difference of each pair of experts."
        ))
    }
    if tables.contains(TableDefinition.similarityChanges.ofGradients.name) {
      sections.append(("gradients", "Gradients", "The same of the experts' gradients."))
    }
    html = try Page(
      title: "\(first.checkpoint.modelType) and \(second.checkpoint.modelType) compared",
      heading: "\(first.checkpoint.modelType) and \(second.checkpoint.modelType)",
      lead: "Two runs of sdmoe analyze beside one another: A is the first, B the second.",
      facts: comparison.facts, verdicts: sentences, sections: sections, absent: [],
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

extension PageOverview {
  /// Takes the change of the similarity of experts or, in runs without, of another measure.
  init?(of comparison: RunComparison) {
    guard let measure = comparison.layerChanges.first?.key.measure else { return nil }
    let changes = comparison.layerChanges.filter { $0.key.measure == measure }
    let cells = Dictionary(uniqueKeysWithValues: changes.map { ($0.key.unit, $0.change.size) })
    let values = comparison.layers.map { layer in
      comparison.projections.map { projection in
        cells[Unit(layer: layer, projection: projection)].flatMap { threeDigits($0) }
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
  fileprivate func shortRows(_ count: Int) -> [[String]] {
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
