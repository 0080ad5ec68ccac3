public import Experts
public import Findings
internal import Pictures

extension FigureKind {
  /// How alike the leading subspaces of two experts are.
  static let similarity = FigureKind(
    of: .similarity, in: .similarity, paperFigure: "1b-d, appendix: principal similarity",
    shows: "how alike the leading subspaces of two experts are, layer by layer",
    scale: FigureScale(table: .similarity) { similarityScaleMaximum(of: $0) }
  ) {
    similarityHeatmaps(
      similarity: $0.table, energy: try $0.other(.energy), scaleMaximum: $0.scaleMaximum,
      largestLayer: $0.largestLayer)
  }

  /// The same of gradients.
  static let gradientSimilarity = similarity.ofGradients(
    paperFigure: "4a, appendix: gradient principal similarity",
    shows: "how alike the leading subspaces of gradients are")
}

/// Draws how alike the leading subspaces of experts are: a symmetric heatmap for each layer and
/// projection.
///
/// The table may hold a whole run or a single unit. Where it holds a part of a run, pass the run's
/// own scale and largest layer, so that all figures can be compared and sort by name.
///
/// - Parameters:
///   - similarity: A table in the form of `TableDefinition.similarity` or of its `ofGradients`, one
///     row for each pair.
///   - energy: A table in the form of `TableDefinition.energy`, or of its `ofGradients` with a
///     similarity of gradients; experts that it flags are named below the figure.
///   - side: The side that is drawn, `hidden` or `neuron`.
///   - scaleMaximum: The value of the last colour; what `similarityScaleMaximum(of:side:)` gives
///     for this table when left out. A maximum of 0, nothing to show, is drawn as 1.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer and projection that has rows of that side, in their order,
///   named like `similarity-layer-00-gate_proj-hidden` or
///   `gradient_similarity-layer-00-gate_proj-hidden`.
/// - Precondition: The tables have the columns of those definitions, and the scale's maximum is
///   finite and not negative.
/// - Complexity: O(rows) in time; each figure takes about ten bytes for each cell.
public func similarityHeatmaps(
  similarity: Table, energy: Table, side: Side = .hidden, scaleMaximum: Double? = nil,
  largestLayer: Int? = nil
) -> [Figure] {
  let sides = similarity[Similarity.side]
  let scaleMaximum = scaleMaximum ?? similarityScaleMaximum(of: similarity, side: side)
  let flagged = illSeparatedExperts(in: energy)
  let ranks = similarity[Similarity.k]
  let definition = similarity.definition
  let pairs = Pairs(
    first: similarity[Similarity.expertA], second: similarity[Similarity.expertB],
    values: similarity[Similarity.meanCosine], floors: similarity[Similarity.floorMeanCosine])
  let things = definition.isOfGradients ? "experts' gradients" : "experts"

  return similarity.figures(side: side, largestLayer: largestLayer, where: { sides[$0] == side }) {
    unit, title, rows in
    let rank = rankText(rows.map { ranks[$0] })
    var heatmap = pairs.heatmap(
      of: rows,
      title: "\(title) · \(side.rawValue) side · top k = \(rank) · mean cosine",
      subtitle: "principal similarity of \(things), mean cosine of principal angles",
      measure: "mean cosine", scaleMaximum: scaleMaximum)
    if let experts = flagged[unit] { heatmap.notes.append(illSeparatedNote(experts)) }
    return .heatmap(heatmap)
  }
}

private func illSeparatedExperts(in energy: Table) -> [UnitKey: [ExpertName]] {
  let experts = energy[Energy.expert]
  let flags = energy[Energy.flag]
  let units = energy.rowsByUnit { flags[$0] == .illSeparated }
  return Dictionary(
    uniqueKeysWithValues: units.map { unit, rows in
      (unit, rows.map { experts[$0] }.sorted())
    })
}

private func illSeparatedNote(_ experts: [ExpertName]) -> String {
  let named = experts.prefix(12).map { shortened($0.text, to: 24) }.joined(separator: ", ")
  let more = experts.count > 12 ? " and \(experts.count - 12) more" : ""
  return "Ill-separated (the k-th direction is hardly defined): \(named)\(more)."
}

/// Computes the largest value of a colour scale that suits all similarities of a run.
///
/// Where a run is drawn unit by unit, the largest of the units' results is the result of the whole
/// run, so that nothing but one number need be kept.
///
/// - Parameters:
///   - similarity: Tables in the form of `TableDefinition.similarity` or of its `ofGradients`.
///   - side: The side whose rows count; those of other sides are left out.
/// - Returns: The smallest round number (1, 1.2, 1.4, 1.6, 2, 2.5, 3, 3.5, 4, 5, 6, 7 or 8 times a
///   power of ten) that is at least every mean cosine and twice every floor, but 1 at most; 0 where
///   there is no value above 0.
/// - Precondition: The tables have the columns of `TableDefinition.similarity`.
/// - Complexity: O(rows)
public func similarityScaleMaximum(of similarity: Table..., side: Side = .hidden) -> Double {
  let needed = similarity.flatMap { table in
    let sides = table[Similarity.side]
    let means = table[Similarity.meanCosine]
    let floors = table[Similarity.floorMeanCosine]
    return (0..<table.rowCount).filter { sides[$0] == side }
      .flatMap { [means[$0], 2 * floors[$0]] }
  }
  return scaleMaximum(holding: needed)
}
