import Experts
import Findings

/// The order and the groups of a layer's routed experts by their similarity on the hidden side, and
/// the most alike pairs.
///
/// - Parameters:
///   - unit: The unit.
///   - similarities: The mean cosine of all pairs of routed experts, a < b, in their order.
///   - floor: What chance alone would show.
///   - leastExcess: Two groups are one while the mean excess between them is at least this.
/// - Returns: The tables `groups` and `redundant_pairs`.
/// - Complexity: O(N^3) for N experts.
func groupTables(
  of unit: MeasuredUnit, similarities: [Double], floor: Double, leastExcess: Double
) -> [Table] {
  let names = unit.routedExperts.map(\.name)
  let matrix = symmetricMatrix(ofPairs: similarities, count: names.count)
  let clusters = averageLinkage(matrix)
  // Similarities of bases in single precision are sound to 1e-6: the same directions come out as a
  // little less than 1.
  let least = min(floor + leastExcess * (1 - floor), 1 - 1e-6)
  let groups = clusters.groups(joinedFrom: least)

  var table = Table(.groups)
  var place = 0
  for (number, group) in groups.enumerated() {
    var inside: [Double] = []
    for (i, a) in group.enumerated() { inside += group[(i + 1)...].map { matrix[a][$0] } }
    let places = Dictionary(uniqueKeysWithValues: zip(group, place...))
    place += group.count
    for expert in group.sorted() {
      let others = names.indices.filter { $0 != expert }
      // The lowest index of equally alike ones.
      let nearest = others.max { matrix[expert][$0] < matrix[expert][$1] }
      let similarity = nearest.map { matrix[expert][$0] } ?? .nan
      table.append(
        Groups.layer(unit.layer), Groups.projection(unit.projection), Groups.group(number),
        Groups.expert(names[expert]), Groups.order(places[expert] ?? 0), Groups.size(group.count),
        Groups.groupMeanCosine(mean(inside)), Groups.nearest(nearest.map { names[$0] }),
        Groups.nearestMeanCosine(similarity),
        Groups.nearestExcess(excess(of: similarity, over: floor)))
    }
  }

  var pairs = Table(.redundantPairs)
  let all = names.indices.flatMap { a in ((a + 1)..<max(a + 1, names.count)).map { (a, $0) } }
  // Sorting keeps the order of equals, so the result does not depend on chance.
  let ranked = all.sorted { matrix[$0.0][$0.1] > matrix[$1.0][$1.1] }
  for (rank, pair) in ranked.prefix(mostPairs).enumerated() {
    let similarity = matrix[pair.0][pair.1]
    pairs.append(
      RedundantPairs.layer(unit.layer), RedundantPairs.projection(unit.projection),
      RedundantPairs.rank(rank + 1), RedundantPairs.expertA(names[pair.0]),
      RedundantPairs.expertB(names[pair.1]), RedundantPairs.meanCosine(similarity),
      RedundantPairs.floorMeanCosine(floor),
      RedundantPairs.excess(excess(of: similarity, over: floor)))
  }
  return [table, pairs]
}

/// So many of the most alike pairs of a unit are told.
private let mostPairs = 20

private func symmetricMatrix(ofPairs pairs: [Double], count: Int) -> [[Double]] {
  var matrix = [[Double]](repeating: [Double](repeating: 1, count: count), count: count)
  var next = pairs.makeIterator()
  for a in 0..<count {
    for b in (a + 1)..<max(a + 1, count) {
      let value = next.next() ?? .nan
      matrix[a][b] = value
      matrix[b][a] = value
    }
  }
  return matrix
}
