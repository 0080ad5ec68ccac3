/// Divides items among shards so that the most costly shard costs little more than the others.
///
/// The most costly items come first, and each goes to the shard that has least. Of equals the first
/// counts, so that the same costs give the same shards.
///
/// - Parameters:
///   - costs: What each item costs, in any unit; none is negative.
///   - count: How many shards there are; at least one.
/// - Returns: The places of the items of each shard, ascending. A shard is empty only where there are
///   fewer items than shards.
/// - Complexity: O(n log n + n count) for n items. The most costly shard costs at most 4/3 of that of
///   the best division.
///
/// Source: R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM Journal on Applied
/// Mathematics 17 (1969), longest processing time first.
package func balancedShards(costs: [Double], count: Int) -> [[Int]] {
  precondition(count > 0, "there are no \(count) shards")
  var shards = [[Int]](repeating: [], count: count)
  var loads = [Double](repeating: 0, count: count)
  for item in costs.indices.sorted(by: { (costs[$1], $0) < (costs[$0], $1) }) {
    // Items that cost nothing are spread as well.
    let least = shards.indices.min {
      (loads[$0], shards[$0].count, $0) < (loads[$1], shards[$1].count, $1)
    }
    guard let least else { continue }
    shards[least].append(item)
    loads[least] += costs[item]
  }
  return shards.map { $0.sorted() }
}
