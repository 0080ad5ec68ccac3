import Foundation

/// How a router chooses experts for a token from its logits.
///
/// It says which experts are chosen, not how their outputs are weighted. A checkpoint tells the
/// rule of each layer: ``Checkpoint/routingRule(ofLayer:)``.
///
/// Source: the routers of transformers 5.23. Scores are in double precision, where transformers has
/// single: two experts whose scores differ by less than that may change places.
public struct RoutingRule: Sendable, Hashable {
  /// What is made of a logit before a bias is added.
  ///
  /// All of them keep the order of logits.
  enum Score: String, Decodable, Sendable {
    case logits, softmax, sigmoid, sqrtsoftplus
  }

  /// Experts in groups of equal size, of which only the best are looked at.
  struct Groups: Sendable, Hashable {
    /// What a group is judged by.
    enum Measure: String, Decodable, Sendable {
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
  let score: Score
  /// What is added to the score for choosing, for each expert; nil where nothing is.
  let bias: [Double]?
  /// The limit to the best groups; nil where there is none.
  let groups: Groups?

  /// Chooses the experts of one token.
  ///
  /// - Parameters:
  ///   - logits: One finite value for each expert, as the router's linear layer gives them, its own
  ///     bias included.
  ///   - chosen: Gets the experts, ascending; what it held is lost, and its memory is used again.
  ///     Where scores tie, the expert with the lower index goes first.
  /// - Precondition: There are ``expertCount`` logits.
  /// - Complexity: O(N * experts per token), and far less where logits are in no order.
  public func choose(from logits: ArraySlice<Float>, into chosen: inout [Int]) {
    precondition(logits.count == expertCount, "\(logits.count) logits of \(expertCount) experts")
    // Scores keep the order of logits, and so does their maximum: without a bias and without sums
    // of scores, the logits themselves can be compared.
    if bias == nil, groups?.measure != .twoLargest {
      choose(by: logits.span, into: &chosen)
    } else {
      choose(by: scores(of: logits.span).span, into: &chosen)
    }
    chosen.sort()
  }

  /// Chooses the experts of one token, ascending: ``choose(from:into:)`` with memory of its own.
  public func choose(from logits: ArraySlice<Float>) -> [Int] {
    var chosen: [Int] = []
    choose(from: logits, into: &chosen)
    return chosen
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
    return measure == .largest ? first : first + second
  }

  private func scores(of logits: borrowing Span<Float>) -> [Double] {
    var scores = bias ?? [Double](repeating: 0, count: expertCount)
    var sums = scores.mutableSpan
    switch score {
    case .logits:
      for expert in 0..<expertCount { sums[expert] += Double(logits[expert]) }
    case .softmax:
      var largest = -Float.infinity
      for expert in 0..<expertCount { largest = max(largest, logits[expert]) }
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

/// Enters places of values among the places of the largest ones so far, largest first.
///
/// Of equal values the one that was entered first goes first.
private func enter<Value: BinaryFloatingPoint>(
  _ entrants: Range<Int>, of values: borrowing Span<Value>,
  amongLargest places: inout MutableSpan<Int>, count: inout Int
) {
  let limit = places.count
  let bound = lowerBound(ofLargest: limit, of: values, in: entrants)
  for entrant in entrants {
    let value = values[entrant]
    // Most are told apart here, by a value that does not wait for the ones before.
    if value < bound { continue }
    if count < limit {
      count += 1
    } else if !(value > values[places[limit - 1]]) {
      continue
    }
    var hole = count - 1
    while hole > 0, value > values[places[hole - 1]] {
      places[hole] = places[hole - 1]
      hole -= 1
    }
    places[hole] = entrant
  }
}

/// A value that at least `count` of the values reach: the least of the maxima of so many parts.
private func lowerBound<Value: BinaryFloatingPoint>(
  ofLargest count: Int, of values: borrowing Span<Value>, in range: Range<Int>
) -> Value {
  let width = range.count / count
  guard width > 1 else { return -.infinity }
  var bound = Value.infinity
  for part in 0..<count {
    let start = range.lowerBound + part * width
    var largest = values[start]
    for place in start..<start + width {
      let value = values[place]
      largest = value > largest ? value : largest
    }
    bound = largest < bound ? largest : bound
  }
  return bound
}
