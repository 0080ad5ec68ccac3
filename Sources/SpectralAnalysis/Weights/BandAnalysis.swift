import Experts
import Findings
import LinearAlgebra
import Tensors

extension Analysis {
  /// Energy and similarity of all bands of directions (analysis 3).
  public static let bands = Analysis(BandAnalysis())
}

/// Analysis 3: the energy and the similarity of each band of k directions on the hidden side, over
/// the routed experts.
struct BandAnalysis: MatrixAnalysis {
  let name = "bands"
  let tables: [TableDefinition] = [.bands, .bandSummary, .tailSimilarity]
  let definitions = [
    "bands":
      "consecutive groups of k directions on the hidden side; the tail is the plain mean over all but the first"
  ]
  let needsAllDirections = true

  func isUsual(with inputs: AnalysisInputs) -> Bool {
    inputs.capture != nil || inputs.gradients != nil
  }

  func floors(of unit: PlannedUnit, leading k: Int) -> [FloorShape] {
    bandFloors(of: unit, leading: k)
  }

  func tables(of unit: MeasuredUnit, in work: UnitWork) async throws -> [Table] {
    try await bandTables(of: unit, in: work)
  }
}

/// The floors of all bands.
func bandFloors(of unit: PlannedUnit, leading k: Int) -> [FloorShape] {
  bandRanges(rank: unit.space.rank, k: k)
    .map { FloorShape(dimension: unit.space.hidden, rank: $0.count) }
}

/// Makes the tables of the band profile.
///
/// The similarity of a pair can differ within 1e-6 with which other experts are measured, see
/// ``meanCosines(between:and:rank:)``; the same experts give the same bytes on one machine.
///
/// - Returns: The tables `bands`, `band_summary` and `tail_similarity`.
/// - Complexity: O(N^2 r d k) for N experts; memory for a thousand directions twice and their
///   products in each worker.
func bandTables(
  of unit: MeasuredUnit, in work: UnitWork
) async throws -> [Table] {
  let bases = unit.bases
  let experts = unit.routedExperts
  let places = experts.map(\.place)
  let ranges = bandRanges(rank: bases.rank, k: unit.leading)
  let floorOfBand = try ranges.map {
    try work.floors.floor(dimension: unit.space.hidden, rank: $0.count).meanCosine.mean
  }
  // similarities[band][pair], pairs a < b in their order.
  let similarities = try await work.map(count: ranges.count) { band in
    try bandSimilarities(of: ranges[band], experts: places, bases: bases)
  }

  var bands = Table(unit.definition(.bands))
  var means: [Double] = []
  var firstEnergy = Double.nan
  for (band, range) in ranges.enumerated() {
    let similarity = mean(similarities[band])
    let energy = mean(experts.map { $0.energy(of: range) })
    means.append(similarity)
    if band == 0 { firstEnergy = energy }
    bands.append(
      Bands.layer(unit.layer), Bands.projection(unit.projection), Bands.band(band),
      Bands.k(range.count), Bands.meanCosine(similarity), Bands.energy(energy),
      Bands.floorMeanCosine(floorOfBand[band]))
  }

  var summary = Table(unit.definition(.bandSummary))
  summary.append(
    BandSummary.layer(unit.layer), BandSummary.projection(unit.projection),
    BandSummary.k(unit.leading), BandSummary.tailBands(ranges.count - 1),
    BandSummary.topMeanCosine(means[0]), BandSummary.tailMeanCosine(mean(means.dropFirst())),
    BandSummary.floorTop(floorOfBand[0]), BandSummary.floorTail(mean(floorOfBand.dropFirst())),
    BandSummary.topEnergy(firstEnergy))

  var tail = Table(unit.definition(.tailSimilarity))
  var pair = 0
  for a in experts.indices {
    for b in (a + 1)..<max(a + 1, experts.count) {
      let values = similarities.dropFirst().map { $0[pair] }
      if !values.isEmpty {
        tail.append(
          TailSimilarity.layer(unit.layer), TailSimilarity.projection(unit.projection),
          TailSimilarity.expertA(experts[a].name), TailSimilarity.expertB(experts[b].name),
          TailSimilarity.tailBands(values.count), TailSimilarity.meanCosine(mean(values)),
          TailSimilarity.floorMeanCosine(mean(floorOfBand.dropFirst())))
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
