import Foundation

/// Scores of experts that were chosen one after the other, each from those that are left.
///
/// The expert with the largest logit gets its share of a softmax over the logits that are not too
/// far below it; then it is taken out, and the next one gets its share in the same way. The shares
/// need not sum to 1.
///
/// Source: L. Liu, Y. J. Kim and others, "GRIN: GRadient-INformed MoE", 2024 (arXiv 2409.12136), as
/// `sparsemixer` of transformers 5.23 has it outside of training.
struct SparseMixer: Sendable, Hashable {
  /// Half the relative distance to the largest logit up to which others share with it; *eps* in the
  /// source.
  let jitter: Double

  /// The shares of the chosen experts, in their order.
  func shares(of chosen: [Int], from logits: borrowing Span<Float>) -> [Double] {
    var shares = [Double](repeating: 0, count: chosen.count)
    let order = chosen.indices.sorted { one, other in
      let (first, second) = (logits[chosen[one]], logits[chosen[other]])
      return first != second ? first > second : chosen[one] < chosen[other]
    }
    var isTaken = [Bool](repeating: false, count: logits.count)
    for place in order {
      shares[place] = share(of: chosen[place], from: logits, isTaken: isTaken)
      isTaken[chosen[place]] = true
    }
    return shares
  }

  private func share(
    of expert: Int, from logits: borrowing Span<Float>, isTaken: [Bool]
  ) -> Double {
    var largest = -Double.infinity
    for other in 0..<logits.count where !isTaken[other] {
      largest = max(largest, Double(logits[other]))
    }
    var total = 0.0
    var part = 0.0
    for other in 0..<logits.count where !isTaken[other] {
      let logit = Double(logits[other])
      // Where both are 0 the quotient is no number, and the logit stays, as it should.
      if (largest - logit) / max(abs(logit), largest) > 2 * jitter { continue }
      let value = exp(logit - largest)
      total += value
      if other == expert { part = value }
    }
    return part / total
  }
}
