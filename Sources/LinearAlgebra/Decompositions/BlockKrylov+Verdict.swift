extension BlockKrylov {
  /// What Ritz pairs are worth: bounds on angles in radians, and on relative errors of singular
  /// values.
  struct Verdict {
    let angle: Double
    let directionAngle: Double
    let valueError: Double
    let precisionTooLow: Bool

    /// How many times as large as allowed the worst of them is.
    let excess: Double
  }

  /// Bounds the angles between the computed and the true directions.
  ///
  /// For an exact eigenvector x_i of A with value l_i, the component of a Ritz vector v along it is
  /// <x_i, r> / (l_i - theta). The residual r is orthogonal to the basis, so a direction that the
  /// basis has nearly caught adds only the product of two residuals, and all that it has not caught
  /// lies beyond the last Ritz value.
  func judge(
    _ values: [Double], _ residuals: [Double]
  ) -> Verdict {
    let beyond = values[values.count - 1]
    func gap(_ one: Double, _ other: Double) -> Double {
      max(abs(one - other), Self.smallestGap * max(one, other), .leastNormalMagnitude)
    }
    func uncaught(_ index: Int) -> Double {
      min(1, residuals[index] / gap(values[index], beyond))
    }
    /// The squared angle of one direction: what the basis has not caught, and what mixes in.
    func squaredAngle(of index: Int, mixingWith others: [Int]) -> Double {
      others.reduce(uncaught(index) * uncaught(index)) { square, other in
        let mixing = uncaught(other) * residuals[index] / gap(values[index], values[other])
        return square + min(1, mixing * mixing)
      }
    }
    let caught = Array(0..<values.count - 1)
    let outside = caught.filter { $0 >= subspaceRank }
    let squares = (0..<subspaceRank).reduce(0) { $0 + squaredAngle(of: $1, mixingWith: outside) }
    let directionAngle = (0..<wanted).reduce(0) { worst, index in
      max(worst, squaredAngle(of: index, mixingWith: caught.filter { $0 != index }))
    }.squareRoot()
    // An eigenvalue lies within r^2 / gap of theta (Parlett, sec. 11.7); a square root halves
    // relative errors.
    let valueError = (0..<wanted).reduce(0) { worst, index in
      max(
        worst, uncaught(index) * residuals[index] / (2 * max(values[index], .leastNormalMagnitude)))
    }
    // A residual cannot become smaller than the rounding of the products it is made of.
    let rounding = 4 * Double(Scalar.ulpOfOne) * values[0]
    let needed = allowedAngle * gap(values[subspaceRank - 1], beyond)
    return Verdict(
      angle: squares.squareRoot(), directionAngle: directionAngle, valueError: valueError,
      precisionTooLow: rounding > needed,
      excess: max(
        squares.squareRoot() / allowedAngle, directionAngle / allowedAngle,
        valueError / Self.allowedValueError))
  }
}
