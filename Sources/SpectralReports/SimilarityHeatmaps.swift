public import Findings

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
  similarity: Table, energy: Table, side: String = "hidden", scaleMaximum: Double? = nil,
  largestLayer: Int? = nil
) -> [Figure] {
  let sides = similarity.texts("side")
  let scaleMaximum = scaleMaximum ?? similarityScaleMaximum(of: similarity, side: side)
  let largestLayer = largestLayer ?? similarity.integers("layer").max() ?? 0
  let flagged = illSeparatedExperts(in: energy)
  let ranks = similarity.integers("k")
  let definition = similarity.definition
  let pairs = PairColumns(similarity, value: "mean_cosine")
  let things = definition.isOfGradients ? "experts' gradients" : "experts"

  return similarity.rowsByUnit { sides[$0] == side }.map { unit, rows in
    let rank = rankText(rows.map { ranks[$0] })
    var heatmap = pairs.heatmap(
      of: rows,
      title: "\(unit.title(in: definition)) · \(side) side · top k = \(rank) · mean cosine",
      subtitle: "principal similarity of \(things), mean cosine of principal angles",
      measure: "mean cosine", scaleMaximum: scaleMaximum)
    if let experts = flagged[unit] { heatmap.notes.append(illSeparatedNote(experts)) }
    let name = unit.figureName(
      table: definition.name, side: side, largestLayer: largestLayer)
    return Figure(name: name, table: definition.name, content: .heatmap(heatmap))
  }
}

private func illSeparatedExperts(in energy: Table) -> [Unit: [ExpertName]] {
  let experts = energy.texts("expert")
  let flags = energy.texts("flag")
  let units = energy.rowsByUnit { flags[$0] == "ill-separated" }
  return Dictionary(
    uniqueKeysWithValues: units.map { unit, rows in
      (unit, rows.map { ExpertName(experts[$0]) }.sorted())
    })
}

private func illSeparatedNote(_ experts: [ExpertName]) -> String {
  let named = experts.prefix(12).map { shortened($0.text, to: 24) }.joined(separator: ", ")
  let more = experts.count > 12 ? " and \(experts.count - 12) more" : ""
  return "Ill-separated (the k-th direction is hardly defined): \(named)\(more)."
}
