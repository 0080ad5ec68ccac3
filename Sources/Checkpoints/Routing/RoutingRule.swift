import Foundation

/// How a router chooses experts for a token from its logits, and how much each counts.
///
/// A checkpoint tells the rule of each layer: ``Checkpoint/routingRule(ofLayer:)``.
///
/// ```swift
/// let rule = try checkpoint.routingRule(ofLayer: 3)
/// let chosen = rule.choose(from: logits)
/// let weights = rule.weights(of: chosen, from: logits)
/// ```
///
/// Source: the routers of transformers 5.23. Scores are in double precision, where transformers has
/// single: two experts whose scores differ by less than that may change places.
public struct RoutingRule: Sendable, Hashable {
  /// Experts in groups of equal size, of which only the best are looked at.
  struct Groups: Sendable, Hashable {
    /// What a group is judged by.
    enum Measure: String, Decodable, Sendable, CaseIterable {
      case largest = "largest score"
      case twoLargest = "sum of the two largest scores"
    }

    let count: Int
    let kept: Int
    let measure: Measure
  }

  /// The number of routed experts, N.
  public let expertCount: Int
  /// The number of experts that are chosen for each token.
  public let expertsPerToken: Int
  /// What logits are smoothly kept below, c in c tanh(logit / c); nil where they are not.
  let cap: Double?
  let score: RouterScore
  /// What is added to the score for choosing, for each expert; nil where nothing is.
  let bias: [Double]?
  /// The limit to the best groups; nil where there is none.
  let groups: Groups?
  /// How the outputs of the chosen experts are weighted; nil where that is not known.
  let weighting: Weighting?

  /// Chooses the experts of one token.
  ///
  /// - Parameters:
  ///   - logits: One value for each expert, as the router's linear layer gives them, its own bias
  ///     included: finite, or -infinity for an expert that is barred.
  ///   - chosen: Gets the experts, ascending; what it held is lost, and its memory is used again.
  ///     Where scores tie, the expert with the lower index goes first. A barred expert is never
  ///     among them, so that there may be fewer than ``expertsPerToken``.
  /// - Precondition: There are ``expertCount`` logits.
  /// - Complexity: O(N * experts per token), and far less where logits are in no order.
  public func choose(from logits: ArraySlice<Float>, into chosen: inout [Int]) {
    precondition(logits.count == expertCount, "\(logits.count) logits of \(expertCount) experts")
    // Scores keep the order of logits, and so does their maximum: without a bias and without sums
    // of scores, the logits themselves can be compared.
    if bias == nil, groups?.measure != .twoLargest {
      choose(by: logits.span, into: &chosen)
    } else {
      let capped = capped(logits)
      var scores = score.values(of: capped.span, addedTo: bias)
      // A bias must not bring back what the router barred.
      for (expert, logit) in logits.enumerated() where logit == -.infinity {
        scores[expert] = -.infinity
      }
      choose(by: scores.span, into: &chosen)
    }
    chosen.removeAll { logits[logits.startIndex + $0] == -.infinity }
    chosen.sort()
  }

  /// Chooses the experts of one token, ascending: ``choose(from:into:)`` with memory of its own.
  public func choose(from logits: ArraySlice<Float>) -> [Int] {
    var chosen: [Int] = []
    choose(from: logits, into: &chosen)
    return chosen
  }

  /// The logits that scores are made of: capped ones keep their order.
  func capped(_ logits: ArraySlice<Float>) -> ArraySlice<Float> {
    guard let cap else { return logits }
    return logits.map { Float(cap * tanh(Double($0) / cap)) }[...]
  }

  private func choose<Value: BinaryFloatingPoint>(
    by values: borrowing Span<Value>, into chosen: inout [Int]
  ) {
    chosen.removeAll(keepingCapacity: true)
    chosen.append(contentsOf: repeatElement(0, count: expertsPerToken))
    var places = chosen.mutableSpan
    var count = 0
    guard let groups else {
      enter(0..<expertCount, of: values, amongLargest: &places, count: &count)
      return
    }
    let size = expertCount / groups.count
    var worths = [Value](repeating: 0, count: groups.count)
    for group in worths.indices {
      worths[group] = worth(
        of: group * size..<(group + 1) * size, in: values, by: groups.measure)
    }
    var best = [Int](repeating: 0, count: groups.kept)
    var bestPlaces = best.mutableSpan
    var bestCount = 0
    enter(worths.indices, of: worths.span, amongLargest: &bestPlaces, count: &bestCount)
    for group in best.sorted() {
      enter(
        group * size..<(group + 1) * size, of: values, amongLargest: &places, count: &count)
    }
  }

  private func worth<Value: BinaryFloatingPoint>(
    of group: Range<Int>, in values: borrowing Span<Value>, by measure: Groups.Measure
  ) -> Value {
    var first = -Value.infinity
    var second = -Value.infinity
    for place in group {
      let value = values[place]
      if value > first {
        (first, second) = (value, first)
      } else if value > second {
        second = value
      }
    }
    // A barred expert has the probability 0, which adds nothing.
    return measure == .largest || second == -.infinity ? first : first + second
  }
}
