import Experts
import Findings
import LinearAlgebra
import Tensors

extension Analysis {
  /// Principal similarity of experts, and their order and groups (analysis 2).
  public static let similarity = Analysis(SimilarityAnalysis())
}

/// Analysis 2: the similarity of every pair of experts on both sides, a summary over the routed
/// ones, and their groups.
struct SimilarityAnalysis: MatrixAnalysis {
  let name = "similarity"
  let tables: [TableDefinition] = [.similarity, .summary, .groups, .redundantPairs]
  let definitions = [
    "similarity":
      "mean cosine of the principal angles between the top-k singular subspaces of two experts (sdmoe's choice)",
    "overlap": "mean squared cosine of the principal angles (arXiv 2106.09685, sec. 7.2)",
    "excess": "(similarity - floor) / (1 - floor)",
    "quartiles": "linear interpolation",
    "groups":
      "average linkage of hidden-side similarity, joined while the mean excess between two groups is at least group_excess (sdmoe's choice)",
  ]

  func isUsual(with inputs: AnalysisInputs) -> Bool { true }

  func record(_ options: AnalysisOptions, in recorded: inout RunOptions) {
    recorded[RunOption<Double>("group-excess")] = options.groupExcess
  }

  func floors(of unit: PlannedUnit, leading k: Int) -> [FloorShape] {
    similarityFloors(of: unit, leading: k)
  }

  func tables(of unit: MeasuredUnit, in work: UnitWork) async throws -> [Table] {
    let found = try await similarityTables(of: unit, in: work)
    guard let routed = found.routed else { return found.tables }
    return found.tables
      + groupTables(
        of: unit, similarities: routed.similarities, floor: routed.floor,
        leastExcess: work.options.groupExcess)
  }
}

/// The floors of similarities on both sides, and of those with a shared expert.
func similarityFloors(of unit: PlannedUnit, leading k: Int) -> [FloorShape] {
  let both = [unit.space.hidden, unit.space.neuron].map { FloorShape(dimension: $0, rank: k) }
  // A shared expert is whole.
  let hasShared = unit.members.contains { !$0.name.isRouted }
  return both + (hasShared ? [FloorShape(dimension: unit.wholeDimension, rank: k)] : [])
}

/// Compares every pair of experts on both sides.
///
/// - Returns: The tables `similarity` and `summary`, and the mean cosines of all pairs of routed
///   experts on the hidden side, a < b in their order, beside their floor.
func similarityTables(
  of unit: MeasuredUnit, in work: UnitWork
) async throws -> (tables: [Table], routed: (similarities: [Double], floor: Double)?) {
  var similarity = Table(unit.definition(.similarity))
  var summary = Table(unit.definition(.summary))
  var found: (similarities: [Double], floor: Double)?
  let k = unit.leading
  for side in Side.allCases {
    let members = unit.experts.filter { expert in
      // A shared expert of a rank below k has no subspace of that dimension.
      expert.name.isRouted || (side == .hidden && expert.rank >= k)
    }
    guard members.count > 1 else { continue }
    let bases = members.map { side == .hidden ? $0.hidden : $0.neuron }
    let floor = try work.floors.floor(dimension: unit.space.dimension(on: side), rank: k)
    // A shared expert is whole: its directions can be anywhere, which alone makes the floor.
    let sharedFloor = try work.floors.floor(dimension: bases[0].rowCount, rank: k)
    var routed: [Double] = []
    for (a, row) in try await pairSimilarities(of: bases, atMost: k, in: work).enumerated() {
      for (offset, value) in row.enumerated() {
        let other = members[a + 1 + offset].name
        if other.isRouted { routed.append(value.meanCosine) }
        similarity.append(
          contentsOf: [
            Similarity.layer(unit.layer), Similarity.projection(unit.projection),
            Similarity.side(side), Similarity.expertA(members[a].name), Similarity.expertB(other),
            Similarity.k(k),
          ] + value.cells(under: Similarity.self, floor: other.isRouted ? floor : sharedFloor))
      }
    }
    appendSummary(to: &summary, unit: unit, side: side, pairs: routed, floor: floor)
    if side == .hidden { found = (routed, floor.meanCosine.mean) }
  }
  return ([similarity, summary], found)
}

private func appendSummary(
  to table: inout Table, unit: MeasuredUnit, side: Side, pairs: [Double], floor: RandomFloor
) {
  guard !pairs.isEmpty else { return }
  let sorted = pairs.sorted()
  let average = mean(pairs)
  let expected = floor.meanCosine.mean
  table.append(
    Summary.layer(unit.layer), Summary.projection(unit.projection), Summary.side(side),
    Summary.pairs(pairs.count), Summary.mean(average), Summary.min(quantile(0, of: sorted)),
    Summary.q1(quantile(0.25, of: sorted)), Summary.median(quantile(0.5, of: sorted)),
    Summary.q3(quantile(0.75, of: sorted)), Summary.max(quantile(1, of: sorted)),
    Summary.floor(expected), Summary.excess(excess(of: average, over: expected)))
}

/// (similarity - floor) / (1 - floor).
func excess(of similarity: Double, over floor: Double) -> Double {
  // Subspaces that fill the whole space are always equal: nothing can exceed that.
  floor < 1 ? (similarity - floor) / (1 - floor) : 0
}
