extension RoutingRule {
  /// How the weights of the chosen experts follow from their scores.
  struct Weighting: Sendable, Hashable {
    /// What scores are divided by: their sum over the chosen experts, so bettered that it is never
    /// too small.
    struct Divisor: Sendable, Hashable {
      /// What is added to the sum.
      let epsilon: Double
      /// What the result is no less than.
      let least: Double

      func value(ofSum sum: Double) -> Double { max(sum + epsilon, least) }
    }

    /// What the scores are divided by; nil where they are not.
    let divisor: Divisor?
    /// What the quotients are multiplied by.
    let scale: Double
    /// The rule that gives the scores, where it is not the one for choosing.
    let mixer: SparseMixer?
    /// Whether weights multiply the inputs of experts.
    let appliesToInput: Bool
  }

  /// Whether the weights of experts are known.
  ///
  /// Of families whose versions weigh differently under one name only the choice is known.
  public var tellsWeights: Bool { weighting != nil }

  /// Whether an expert's weight multiplies what goes into it, not what comes out of it.
  public var weighsInputs: Bool { weighting?.appliesToInput ?? false }

  /// Weighs the experts that one token is given.
  ///
  /// A weight is the expert's score before any bias, divided by the sum over the chosen experts
  /// where the model says so, and multiplied by the model's scaling factor.
  ///
  /// ```swift
  /// // mixtral: the softmax over the chosen experts.
  /// rule.weights(of: [1, 2], from: [-9, 0, 0, -9])  // [0.5, 0.5]
  /// ```
  ///
  /// - Parameters:
  ///   - chosen: Different experts in any order, those that ``choose(from:)`` gives or others.
  ///   - logits: One value for each expert, as the router's linear layer gives them, its own bias
  ///     included: finite, or -infinity for an expert that is barred, whose weight is 0.
  /// - Returns: One weight for each chosen expert, in their order: what its output is multiplied
  ///   by, or its input where ``weighsInputs``. They are not negative, accurate to some units in
  ///   the last place, and not numbers where a model divides scores that all vanish.
  /// - Precondition: ``tellsWeights``, there are ``expertCount`` logits, and every chosen expert is
  ///   one of as many.
  /// - Complexity: O(N)
  ///
  /// Source: the routers of transformers 5.23, in double precision where they have single.
  public func weights(of chosen: [Int], from logits: ArraySlice<Float>) -> [Double] {
    precondition(logits.count == expertCount, "\(logits.count) logits of \(expertCount) experts")
    guard let weighting else { preconditionFailure("the weights of the experts are not known") }
    var weights: [Double]
    let capped = capped(logits)
    if let mixer = weighting.mixer {
      weights = mixer.shares(of: chosen, from: capped.span)
    } else {
      let scores = score.values(of: capped.span, addedTo: nil)
      weights = chosen.map { scores[$0] }
    }
    for (place, expert) in chosen.enumerated()
    where logits[logits.startIndex + expert] == -.infinity {
      weights[place] = 0
    }
    let divisor = weighting.divisor?.value(ofSum: weights.reduce(0, +)) ?? 1
    for place in weights.indices { weights[place] = weights[place] / divisor * weighting.scale }
    return weights
  }
}
