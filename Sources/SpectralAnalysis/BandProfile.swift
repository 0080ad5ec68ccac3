import Checkpoints
import Findings
import LinearAlgebra
import Tensors
import Workers

/// Analysis 3: the energy and the similarity of each band of k directions on the hidden side, over
/// the routed experts.
///
/// - Returns: The tables `bands`, `band_summary` and `tail_similarity`.
/// - Complexity: O(N^2 r d k) for N experts; memory for a thousand directions twice and their
///   products in each worker.
func bandTables(
  of unit: MeasuredUnit, bases: BasisStore, floors: FloorCache, width: Int
) async throws -> [Table] {
  let experts = unit.routedExperts
  let numbers = experts.map(\.number)
  let ranges = bandRanges(rank: bases.rank, k: unit.leading)
  let floorOfBand = try ranges.map {
    try floors.floor(dimension: unit.space.hidden, rank: $0.count).meanCosine.mean
  }
  // similarities[band][pair], pairs a < b in their order.
  let similarities = try await workSideBySide(count: ranges.count, width: width, makeState: {}) {
    _, band in
    try bandSimilarities(of: ranges[band], experts: numbers, bases: bases)
  }

  var bands = Table(unit.definition(.bands))
  var means: [Double] = []
  let layer = Table.Cell.integer(unit.layer)
  let projection = Table.Cell.text(unit.projection.rawValue)
  var firstEnergy = Double.nan
  for (band, range) in ranges.enumerated() {
    let similarity = mean(similarities[band])
    let energy = mean(experts.map { $0.energy(of: range) })
    means.append(similarity)
    if band == 0 { firstEnergy = energy }
    bands.append(
      layer, projection, .integer(band), .integer(range.count), .number(similarity),
      .number(energy), .number(floorOfBand[band]))
  }

  var summary = Table(unit.definition(.bandSummary))
  summary.append(
    layer, projection, .integer(unit.leading), .integer(ranges.count - 1), .number(means[0]),
    .number(mean(means.dropFirst())), .number(floorOfBand[0]),
    .number(mean(floorOfBand.dropFirst())), .number(firstEnergy))

  var tail = Table(unit.definition(.tailSimilarity))
  var pair = 0
  for a in experts.indices {
    for b in (a + 1)..<max(a + 1, experts.count) {
      let values = similarities.dropFirst().map { $0[pair] }
      if !values.isEmpty {
        tail.append(
          layer, projection, .text(experts[a].name), .text(experts[b].name),
          .integer(values.count), .number(mean(values)), .number(mean(floorOfBand.dropFirst())))
      }
      pair += 1
    }
  }
  return [bands, summary, tail]
}

/// Consecutive bands of k directions; the last one holds what remains.
func bandRanges(rank: Int, k: Int) -> [Range<Int>] {
  stride(from: 0, to: rank, by: k).map { $0..<min(rank, $0 + k) }
}

/// The principal similarity of equal bands of all pairs of experts, a < b.
private func bandSimilarities(
  of band: Range<Int>, experts: [Int], bases: BasisStore
) throws -> [Double] {
  // Products of about a thousand rows by a thousand keep BLAS busy and memory small.
  let atOnce = max(1, 1024 / band.count)
  let starts = Array(stride(from: 0, to: experts.count, by: atOnce))
  var rows = experts.indices.map { [Double](repeating: .nan, count: experts.count - $0 - 1) }
  for first in starts {
    let upper = experts[first..<min(experts.count, first + atOnce)]
    let a = try bases.stack(band, ofExperts: upper)
    for second in starts where second >= first {
      let lower = experts[second..<min(experts.count, second + atOnce)]
      let b = second == first ? a : try bases.stack(band, ofExperts: lower)
      let cosines = try meanCosines(between: a, and: b, rank: band.count)
      for i in upper.indices {
        for j in lower.indices where j > i {
          rows[i][j - i - 1] = cosines[i - first, j - second]
        }
      }
    }
  }
  return rows.flatMap(\.self)
}
