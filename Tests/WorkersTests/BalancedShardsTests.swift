import Testing
import Workers

/// Checks the contract of `balancedShards(costs:count:)`.
@Suite struct BalancedShardsTests {
  func load(_ shard: [Int], _ costs: [Double]) -> Double { shard.reduce(0) { $0 + costs[$1] } }

  @Test("every item is in one shard, in order, and no shard is empty where items suffice")
  func partition() {
    for count in 1...9 {
      let costs = (0..<9).map { Double($0 * 7 % 5) }
      let shards = balancedShards(costs: costs, count: count)
      #expect(shards.count == count)
      #expect(shards.joined().sorted() == Array(0..<9))
      for shard in shards {
        #expect(!shard.isEmpty)
        #expect(shard == shard.sorted())
      }
    }
    #expect(balancedShards(costs: [1, 2], count: 3).filter(\.isEmpty).count == 1)
    #expect(balancedShards(costs: [], count: 2) == [[], []])
  }

  @Test("the largest comes first, to whom has least")
  func known() {
    #expect(balancedShards(costs: [1, 5, 4, 3, 3], count: 2) == [[1, 4], [0, 2, 3]])
    // Of equals the first counts.
    #expect(balancedShards(costs: [2, 2, 2, 2], count: 2) == [[0, 2], [1, 3]])
  }

  @Test(
    "the largest shard is within 4/3 of what no division can be below",
    arguments: [UInt64](1...20))
  func bound(seed: UInt64) {
    var state = seed
    let costs = (0..<60).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40)
    }
    for count in [2, 7, 16] {
      let largest = balancedShards(costs: costs, count: count).map { load($0, costs) }.max() ?? 0
      let mean = costs.reduce(0, +) / Double(count)
      // Graham: 4/3 of the best, which is at least the mean and the most costly item. Of so many
      // items the mean is the larger.
      #expect(largest <= 4 / 3 * max(mean, costs.max() ?? 0))
    }
  }

  @Test("64 shards of DeepSeek-V3's 174 units leave few machines idle")
  func deepSeek() {
    let shards = balancedShards(costs: [Double](repeating: 1, count: 174), count: 64)
    #expect(shards.map(\.count).max() == 3)
    #expect(shards.map(\.count).min() == 2)
  }
}
