extension BlockKrylov {
  /// Whether the basis can hold every direction of a group of equal singular values.
  enum EqualValues {
    case caught
    /// The values are apart, but not by more than their residuals leave open; another step will
    /// tell.
    case undecided
    /// A group as large as a block: there may be more directions to it than the basis can hold.
    case tooMany
  }

  /// Looks for groups of equal values that could hide a direction.
  ///
  /// A start with b columns has b directions in the space of one singular value, and so has every
  /// power of A times it: of a larger group b directions appear, with small residuals, and the
  /// others never do. So b values that are equal, with wanted ones below them, are no proof that
  /// there are only b.
  ///
  /// Nearly equal values do part after more steps. As long as one direction of such a group is
  /// missing, the largest residual of the b found is about 1/b of their spread (sqrt(1/b) of it for
  /// the direction that leads out, shared by b vectors); a margin of two stands beside that
  /// estimate.
  func equalValues(among theta: [Double], _ residuals: [Double]) -> EqualValues {
    let b = blockWidth
    var result = EqualValues.caught
    for first in 0..<max(0, wanted - b) {
      let upper = theta[first]
      let spread = upper - theta[first + b - 1]
      if spread <= Self.smallestGap * upper { return .tooMany }
      let residual = residuals[first..<first + b].reduce(0, max)
      if spread <= 2 * Double(b) * residual { result = .undecided }
    }
    return result
  }
}
