internal import Experts
internal import Findings
internal import Pictures

/// Draws the similarities of a unit in two runs on one scale, and their difference.
///
/// - Parameters:
///   - table: A table in the form of `TableDefinition.similarityChanges`, of one unit.
///   - unit: The unit.
///   - comparison: What is compared.
///   - scales: The scales of all units.
///   - csv: The table's name in the folder of tables.
/// - Returns: Three figures.
func changeHeatmaps(
  _ table: Table, of unit: RunUnit, in comparison: RunComparison, scales: ChangeScales,
  csv: String
) -> [Figure] {
  let isOfGradients = unit.subject == .gradients
  let similarity = isOfGradients ? TableDefinition.similarity.ofGradients : .similarity
  let isExcess = table[SimilarityChanges.compared].contains(.excess)
  let measure = isExcess ? "excess" : "mean cosine"
  let what = isExcess ? "excess of the similarity over chance" : "principal similarity"
  let title = unit.key.title
  let shown = table.shownSides
  let largestLayer = comparison.first.manifest.options.layers.max() ?? 0
  let pairs = Pairs(
    first: table[SimilarityChanges.expertA], second: table[SimilarityChanges.expertB],
    values: shown.a,
    floors: isExcess ? shown.a.map { _ in 0 } : table[SimilarityChanges.floorA])
  func figure(_ kind: String, _ heatmap: Heatmap) -> Figure {
    let name = unit.key.figureName(
      table: "\(similarity.name)-\(kind)", largestLayer: largestLayer)
    return Figure(name: name, table: csv, picture: .heatmap(heatmap))
  }
  func side(_ name: String, _ values: [Double], _ floors: [Double]) -> Heatmap {
    pairs.with(values, floors: floors).heatmap(
      of: Array(values.indices), title: "\(title) · run \(name)",
      subtitle: "\(what) of experts on the hidden side", measure: measure,
      scaleMaximum: scales.value(ofGradients: isOfGradients))
  }
  let noFloor = shown.a.map { _ in isExcess ? 0.0 : .nan }
  var change = pairs.with(table[SimilarityChanges.change], floors: shown.a.map { _ in .nan })
    .heatmap(
      of: Array(shown.a.indices), title: "\(title) · change from A to B",
      subtitle: "\(what) in B less that in A", measure: "change",
      scaleMaximum: scales.size(ofGradients: isOfGradients))
  change.isDiverging = true
  return [
    figure("a", side("A", shown.a, isExcess ? noFloor : table[SimilarityChanges.floorA])),
    figure("b", side("B", shown.b, isExcess ? noFloor : table[SimilarityChanges.floorB])),
    figure("change", change),
  ]
}
