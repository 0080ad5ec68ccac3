import Foundation

/// What a router makes of a logit before a bias is added.
///
/// All of them keep the order of logits.
enum RouterScore: String, Decodable, Sendable, CaseIterable {
  case logits, softmax, sigmoid, sqrtsoftplus

  /// The scores of all experts, each added to its bias.
  func values(of logits: borrowing Span<Float>, addedTo bias: [Double]?) -> [Double] {
    let expertCount = logits.count
    var scores = bias ?? [Double](repeating: 0, count: expertCount)
    var sums = scores.mutableSpan
    switch self {
    case .logits:
      for expert in 0..<expertCount { sums[expert] += Double(logits[expert]) }
    case .softmax:
      var largest = -Float.infinity
      for expert in 0..<expertCount { largest = max(largest, logits[expert]) }
      // Where every expert is barred there is nothing to share out.
      guard largest > -.infinity else { break }
      var parts = [Double](repeating: 0, count: expertCount)
      var total = 0.0
      for expert in 0..<expertCount {
        parts[expert] = exp(Double(logits[expert]) - Double(largest))
        total += parts[expert]
      }
      for expert in 0..<expertCount { sums[expert] += parts[expert] / total }
    case .sigmoid:
      for expert in 0..<expertCount { sums[expert] += 1 / (1 + exp(-Double(logits[expert]))) }
    case .sqrtsoftplus:
      for expert in 0..<expertCount {
        let logit = Double(logits[expert])
        // ln(1 + e^x), in the form that neither overflows nor loses digits.
        sums[expert] += (max(logit, 0) + log1p(exp(-abs(logit)))).squareRoot()
      }
    }
    return scores
  }
}
