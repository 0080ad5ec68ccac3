import Checkpoints
import Findings
import LinearAlgebra
import Tensors

/// The side of a projection on which subspaces are compared.
enum Side: String, Sendable, CaseIterable {
  /// In the residual stream, where all experts share one coordinate system.
  case hidden
  /// Among an expert's own neurons, whose order is arbitrary.
  case neuron
}

/// Analysis 2: the similarity of every pair of experts on both sides, and a summary over the routed
/// ones.
///
/// - Returns: The tables `similarity` and `summary` and, of weights, those of the experts' groups.
func similarityTables(
  of unit: MeasuredUnit, floors: FloorCache, groupExcess: Double, width: Int
) async throws -> [Table] {
  var similarity = Table(unit.definition(.similarity))
  var summary = Table(unit.definition(.summary))
  var groups: [Table] = []
  let k = unit.leading
  for side in Side.allCases {
    let members = unit.experts.filter { expert in
      // A shared expert of a rank below k has no subspace of that dimension.
      !expert.isShared || (side == .hidden && expert.rank >= k)
    }
    guard members.count > 1 else { continue }
    let bases = members.map { (side == .hidden ? $0.hidden : $0.neuron).leadingColumns(k) }
    let floor = try floors.floor(dimension: unit.space.dimension(on: side), rank: k)
    // A shared expert is whole: its directions can be anywhere, which alone makes the floor.
    let sharedFloor = try floors.floor(dimension: bases[0].rowCount, rank: k)
    var routed: [Double] = []
    for (a, row) in try await pairSimilarities(of: bases, width: width).enumerated() {
      for (offset, value) in row.enumerated() {
        let b = a + 1 + offset
        if !members[b].isShared { routed.append(value.meanCosine) }
        similarity.append(
          contentsOf: [
            .integer(unit.layer), .text(unit.projection.rawValue), .text(side.rawValue),
            .text(members[a].name), .text(members[b].name), .integer(k),
          ] + value.cells(floor: members[b].isShared ? sharedFloor : floor))
      }
    }
    appendSummary(to: &summary, unit: unit, side: side, pairs: routed, floor: floor)
    if side == .hidden, !unit.isOfGradients {
      groups = groupTables(
        of: unit, similarities: routed, floor: floor.meanCosine.mean, leastExcess: groupExcess)
    }
  }
  return [similarity, summary] + groups
}

private func appendSummary(
  to table: inout Table, unit: MeasuredUnit, side: Side, pairs: [Double], floor: RandomFloor
) {
  guard !pairs.isEmpty else { return }
  let sorted = pairs.sorted()
  let average = mean(pairs)
  let expected = floor.meanCosine.mean
  table.append(
    .integer(unit.layer), .text(unit.projection.rawValue), .text(side.rawValue),
    .integer(pairs.count), .number(average), .number(quantile(0, of: sorted)),
    .number(quantile(0.25, of: sorted)), .number(quantile(0.5, of: sorted)),
    .number(quantile(0.75, of: sorted)), .number(quantile(1, of: sorted)), .number(expected),
    .number(excess(of: average, over: expected)))
}

/// (similarity - floor) / (1 - floor).
func excess(of similarity: Double, over floor: Double) -> Double {
  // Subspaces that fill the whole space are always equal: nothing can exceed that.
  floor < 1 ? (similarity - floor) / (1 - floor) : 0
}
