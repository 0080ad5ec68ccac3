public import Findings

/// Draws how alike the leading subspaces of experts are: a symmetric heatmap for each layer and
/// projection.
///
/// The table may hold a whole run or a single unit. Where it holds a part of a run, pass the run's
/// own scale and largest layer, so that all figures can be compared and sort by name.
///
/// - Parameters:
///   - similarity: A table in the form of `TableDefinition.similarity`, one row for each pair.
///   - energy: A table in the form of `TableDefinition.energy`; experts that it flags are named
///     below the figure.
///   - side: The side that is drawn, `hidden` or `neuron`.
///   - scaleMaximum: The value of the last colour; what `similarityScaleMaximum(of:side:)` gives
///     for this table when left out. A maximum of 0, nothing to show, is drawn as 1.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer and projection that has rows of that side, in their order,
///   named like `similarity-layer-00-gate_proj-hidden`.
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
  let columns = SimilarityColumns(similarity)

  return similarity.rowsByUnit { sides[$0] == side }.map { unit, rows in
    let title = "\(unit.title) · \(side) side · top k = \(columns.rankText(of: rows)) · mean cosine"
    var heatmap = columns.heatmap(of: rows, title: title, scaleMaximum: scaleMaximum)
    if let experts = flagged[unit] { heatmap.notes.append(illSeparatedNote(experts)) }
    let name = unit.figureName(
      table: similarity.definition.name, side: side, largestLayer: largestLayer)
    return Figure(name: name, svg: heatmap.svg())
  }
}

/// The columns of a similarity table that are drawn.
private struct SimilarityColumns {
  let first: [String]
  let second: [String]
  let ranks: [Int]
  let means: [Double]
  let floors: [Double]

  init(_ table: Table) {
    first = table.texts("expert_a")
    second = table.texts("expert_b")
    ranks = table.integers("k")
    means = table.numbers("mean_cosine")
    floors = table.numbers("floor_mean_cosine")
  }

  func heatmap(of rows: [Int], title: String, scaleMaximum: Double) -> Heatmap {
    let experts = Set(rows.flatMap { [first[$0], second[$0]] }).map(ExpertName.init).sorted()
    let places = Dictionary(uniqueKeysWithValues: experts.enumerated().map { ($1.text, $0) })
    var values = [Double](repeating: .nan, count: experts.count * experts.count)
    for row in rows {
      guard let a = places[first[row]], let b = places[second[row]] else { continue }
      values[a * experts.count + b] = means[row]
      values[b * experts.count + a] = means[row]
    }

    let floor = rows.map { floors[$0] }.first { !$0.isNaN } ?? .nan
    let chance = floor.isNaN ? "" : "; random floor \(shareText(floor))"
    return Heatmap(
      title: title,
      subtitle: "principal similarity of experts, mean cosine of principal angles" + chance,
      measure: "mean cosine", rowTitle: "expert", columnTitle: "expert",
      rowLabels: experts.map(\.text), columnLabels: experts.map(\.text),
      separatedCount: experts.count { !$0.isRouted }, values: values, hasNeutralDiagonal: true,
      floor: floor, scaleMaximum: scaleMaximum)
  }

  /// The rank or, where rows differ, the ranks of the subspaces.
  func rankText(of rows: [Int]) -> String {
    let all = rows.map { ranks[$0] }
    guard let low = all.min(), let high = all.max() else { return "?" }
    return low == high ? "\(low)" : "\(low) to \(high)"
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
