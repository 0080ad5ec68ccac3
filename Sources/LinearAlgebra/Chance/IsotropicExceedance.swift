#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Computes how likely an isotropic direction's first coordinate exceeds a multiple of its typical
/// size: P(|x_1| > t ||x|| / sqrt(d)).
///
/// ```swift
/// isotropicExceedance(threshold: 1, dimension: 128)  // 0.319
/// ```
///
/// - Parameters:
///   - t: The threshold; the root mean square of x_1 on the sphere of radius sqrt(d) is 1.
///   - d: The dimension of the space.
/// - Returns: A probability with an absolute error below 1e-9 for d up to 10^9: 1 for t = 0, and 0
///   from sqrt(d) on. It tends to 2 (1 - Phi(t)) as d grows.
/// - Precondition: `t >= 0` and `d >= 1`.
/// - Complexity: O(1)
///
/// Source: with x_1 = sin(theta) ||x||, theta has the density cos(theta)^(d-2) up to a factor.
public func isotropicExceedance(threshold t: Double, dimension d: Int) -> Double {
  precondition(t >= 0, "a threshold of \(t)")
  precondition(d >= 1, "there are no directions in \(d) dimensions")
  let sine = t / Double(d).squareRoot()
  guard sine < 1 else { return 0 }
  // On a line |x_1| is ||x||.
  guard t > 0, d > 1 else { return 1 }
  let angle = asin(sine)
  // cos(theta)^(d-2) <= exp(-(d-2) theta^2 / 2): what is further than this is below 1e-15.
  let reach = 12 / Double(d).squareRoot()
  let tail = angularWeight(from: angle, to: min(.pi / 2, angle + reach), dimension: d)
  let whole = angularWeight(from: 0, to: min(.pi / 2, reach), dimension: d)
  return min(1, tail / whole)
}

/// The integral of cos(theta)^(d-2), by Gauss and Legendre's rule with five points on each of 64
/// panels.
///
/// Both integrals above are at most 12 standard deviations long, so a panel is shorter than 0.2 of
/// them, and the rule's error is below rounding.
private func angularWeight(from lower: Double, to upper: Double, dimension d: Int) -> Double {
  let inner = (5 - 2 * (10.0 / 7).squareRoot()).squareRoot() / 3
  let outer = (5 + 2 * (10.0 / 7).squareRoot()).squareRoot() / 3
  let innerWeight = (322 + 13 * 70.0.squareRoot()) / 900
  let outerWeight = (322 - 13 * 70.0.squareRoot()) / 900
  let rule = [
    (-outer, outerWeight), (-inner, innerWeight), (0, 128.0 / 225), (inner, innerWeight),
    (outer, outerWeight),
  ]
  let panels = 64
  let power = Double(d - 2) / 2
  let half = (upper - lower) / Double(2 * panels)
  var sum = 0.0
  for panel in 0..<panels {
    let middle = lower + half * Double(2 * panel + 1)
    for (node, weight) in rule {
      let sine = sin(middle + half * node)
      // log(cos) from the sine, because cos of a small angle is 1 but for a few bits.
      sum += weight * (power == 0 ? 1 : exp(power * log1p(-sine * sine)))
    }
  }
  return sum * half
}
