/// A hierarchical clustering: which clusters were joined, in their order, and how alike they were.
struct Clustering: Sendable {
  /// A step that makes one cluster of two.
  struct Join: Sendable {
    /// The members of the new cluster, in the order in which a dendrogram shows them.
    let members: [Int]
    /// The mean similarity between members of the two; it falls from step to step.
    let similarity: Double
  }

  let count: Int
  let joins: [Join]

  /// The clusters that are left when only clusters at least so alike are joined, in the order of
  /// the whole dendrogram.
  func groups(joinedFrom least: Double) -> [[Int]] {
    let order = joins.last?.members ?? Array(0..<count)
    var groupOf = Array(0..<count)
    for join in joins where join.similarity >= least {
      guard let name = join.members.min() else { continue }
      for member in join.members { groupOf[member] = name }
    }
    var groups: [[Int]] = []
    for member in order {
      if let last = groups.last?.last, groupOf[last] == groupOf[member] {
        groups[groups.count - 1].append(member)
      } else {
        groups.append([member])
      }
    }
    return groups
  }
}

/// Clusters items by average linkage: again and again joins the two clusters whose members are the
/// most alike on average.
///
/// A joined pair is turned so that its most alike ends meet, which makes blocks on the diagonal of
/// an ordered heatmap. Ties go to the lowest items, so the result depends on the input alone.
///
/// - Parameter similarities: A symmetric matrix, one list for each row; the diagonal is not used.
/// - Returns: n - 1 steps for n items.
/// - Complexity: O(n^3) time, O(n^2) memory.
///
/// Source: R. R. Sokal and C. D. Michener, "A Statistical Method for Evaluating Systematic
/// Relationships", 1958 (UPGMA).
func averageLinkage(_ similarities: [[Double]]) -> Clustering {
  var between = similarities
  var clusters = similarities.indices.map { [$0] }
  var joins: [Clustering.Join] = []
  while clusters.count > 1 {
    var best = (a: 0, b: 1)
    for a in clusters.indices {
      for b in (a + 1)..<max(a + 1, clusters.count) where between[a][b] > between[best.a][best.b] {
        best = (a, b)
      }
    }
    let (a, b) = best
    let similarity = between[a][b]
    let sizes = (Double(clusters[a].count), Double(clusters[b].count))
    for c in clusters.indices where c != a && c != b {
      let average = (sizes.0 * between[a][c] + sizes.1 * between[b][c]) / (sizes.0 + sizes.1)
      between[a][c] = average
      between[c][a] = average
    }
    clusters[a] = joined(clusters[a], clusters[b], similarities)
    joins.append(Clustering.Join(members: clusters[a], similarity: similarity))
    clusters.remove(at: b)
    between.remove(at: b)
    for row in between.indices { between[row].remove(at: b) }
  }
  return Clustering(count: similarities.count, joins: joins)
}

/// One list of two, each turned so that the most alike of their ends meet.
private func joined(_ a: [Int], _ b: [Int], _ similarities: [[Double]]) -> [Int] {
  let ways = [
    (Array(a), Array(b)), (Array(a), Array(b.reversed())), (Array(a.reversed()), Array(b)),
    (Array(a.reversed()), Array(b.reversed())),
  ]
  var best = ways[0]
  for way in ways.dropFirst() where meeting(way, similarities) > meeting(best, similarities) {
    best = way
  }
  return best.0 + best.1
}

private func meeting(_ way: ([Int], [Int]), _ similarities: [[Double]]) -> Double {
  guard let end = way.0.last, let start = way.1.first else { return 0 }
  return similarities[end][start]
}
