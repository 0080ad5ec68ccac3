import Captures
import Checkpoints
import Experts
import LinearAlgebra
import Workers

extension AnalysisPlan {
  /// Divides the units among shards that cost nearly the same.
  ///
  /// - Parameter count: How many shards; from 1 to ``unitCount``.
  /// - Returns: The names of the folders of each shard's units, in the order of the units; none is
  ///   empty. The same plan gives the same shards on any machine.
  /// - Precondition: `1...unitCount` contains `count`.
  public func shards(count: Int) -> [[String]] {
    precondition((1...max(1, unitCount)).contains(count), "\(count) shards of \(unitCount) units")
    return balancedShards(costs: units.map(cost), count: count).map { places in
      places.map { units[$0].key.folderName }
    }
  }

  /// How evenly shards cost: the mean over the largest, at most 1.
  ///
  /// It is the share of their time in which as many machines as there are shards are busy.
  ///
  /// - Parameter shards: The names of the folders of each shard's units.
  /// - Returns: A share over 0; 1 where nothing costs anything.
  public func balance(of shards: [[String]]) -> Double {
    let costs = Dictionary(uniqueKeysWithValues: units.map { ($0.key.folderName, cost(of: $0)) })
    let loads = shards.map { $0.reduce(0) { $0 + (costs[$1] ?? 0) } }
    guard let largest = loads.max(), largest > 0 else { return 1 }
    return loads.reduce(0, +) / Double(loads.count) / largest
  }

  /// About how many operations on numbers in single precision a unit takes, from shapes alone.
  ///
  /// Only ratios matter: they decide which units go together. What pairs of experts and tokens take
  /// is counted where it can weigh as much as the decompositions.
  private func cost(of unit: PlannedUnit) -> Double {
    let tokens = Double(inputs.capture?.tokenCount ?? 0)
    let hidden = Double(sizes.hiddenSize)
    guard unit.key.projection != nil else {
      // Each analysis sums X^T X up, or looks at a row for each expert.
      return Double(unit.analyses.count) * tokens * hidden * (hidden + Double(sizes.expertCount))
    }
    let decompositions = unit.members.reduce(0.0) { sum, member in
      guard let weight = try? member.weight.get() else { return sum }
      return sum
        + decompositionCost(
          rows: Double(weight.rowCount), columns: Double(weight.columnCount),
          isWhole: unit.needsAllDirections)
    }
    let routed = Double(unit.members.count { $0.name.isRouted })
    let pairs = routed * (routed - 1) / 2
    let k = Double(leadingCount)
    // Pairs are compared on both sides in their top k, and in all bands of k on the hidden side.
    let directions = unit.needsAllDirections ? Double(unit.space.rank) : 2 * k
    let comparisons = pairs * 2 * hidden * directions * k
    let sampled = Double(options.tokens.number(of: inputs.capture?.tokenCount ?? 0))
    let activations =
      unit.analyses.contains(.activationRatio)
      ? routed * 2 * sampled * hidden * Double(unit.space.rank) : 0
    let shuffled =
      unit.analyses.contains(.shuffle) ? routed * 2 * 2 * tokens * hidden * k : 0
    return decompositions + comparisons + activations + shuffled
  }

  private func decompositionCost(rows: Double, columns: Double, isWhole: Bool) -> Double {
    let rank = min(rows, columns)
    // Golub and Van Loan, "Matrix Computations", 4th ed., figure 8.6.1: all directions by
    // bidiagonalisation. Double precision counts twice.
    let whole = 4 * rows * columns * rank + 8 * rank * rank * rank
    if rank <= Double(LeadingTriplets.directRank) { return 2 * whole }
    // The iteration multiplies some seventy vectors by the matrix and its transpose. All values
    // without vectors cost less than that is uncertain.
    return isWhole ? whole : 4 * rows * columns * 70
  }
}
