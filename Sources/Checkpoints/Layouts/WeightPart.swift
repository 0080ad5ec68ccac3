/// The share of a stored tensor's outputs that belongs to one projection, where two are stored as
/// one.
package enum WeightPart: String, Decodable, Sendable, CaseIterable {
  case firstHalf = "first half of out"
  case secondHalf = "second half of out"
  case even = "even of out"
  case odd = "odd of out"

  /// The outputs of a projection that has so many: from the first on, every so many.
  func outputs(of count: Int) -> (first: Int, step: Int) {
    switch self {
    case .firstHalf: (0, 1)
    case .secondHalf: (count, 1)
    case .even: (0, 2)
    case .odd: (1, 2)
    }
  }
}
