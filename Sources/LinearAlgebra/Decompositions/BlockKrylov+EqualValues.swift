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
  ///
  /// A group that goes on past the wanted values may have more directions than were found, too. It
  /// hides none that is wanted, but the bound on errors of values, which takes all that is not caught
  /// for far away, does not hold. There, what holds of any spectrum is asked for: an eigenvalue lies
  /// within the residual of each Ritz value, though not always the one of the same number.
  func equalValues(among theta: [Double], _ residuals: [Double]) -> EqualValues {
    let b = blockWidth
    var result = EqualValues.caught
    for first in 0..<wanted {
      let group = first..<min(first + b, theta.count)
      let spread = theta[first] - theta[group.upperBound - 1]
      let residual = residuals[group.clamped(to: 0..<wanted)].reduce(0, max)
      let goesOn = first + b >= wanted
      if !goesOn, spread <= Self.smallestGap * theta[first] { return .tooMany }
      guard spread <= 2 * Double(b) * residual else { continue }
      // The largest eigenvalue of the group, and so each of it, is that near to the last wanted value.
      let doubt = theta[first] - theta[wanted - 1] + residual
      if goesOn, doubt <= 2 * Self.allowedValueError * theta[wanted - 1] { continue }
      result = .undecided
    }
    return result
  }
}
