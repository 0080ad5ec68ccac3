#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A generator of pseudo-random numbers that gives the same numbers for the same seed, everywhere
/// and always.
///
/// Source: SplitMix64, G. L. Steele, D. Lea and C. H. Flood, "Fast Splittable Pseudorandom Number
/// Generators", OOPSLA 2014.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64
  private var spareNormal: Double?

  /// Starts the sequence of that seed.
  public init(seed: UInt64) {
    state = seed
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed &>> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed &>> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed &>> 31)
  }

  /// A number drawn evenly from the open interval (0, 1).
  public mutating func uniform() -> Double {
    // The largest of the 2^53 numbers would be rounded to 1.
    min((Double(next() &>> 11) + 0.5) * 0x1p-53, 1 - 0x1p-53)
  }

  /// A number drawn from the standard normal distribution (Box and Muller).
  public mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    let radius = (-2 * log(uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spareNormal = radius * sin(angle)
    return radius * cos(angle)
  }

  /// A number drawn from the chi distribution: the length of a vector of `degrees` standard normal
  /// numbers.
  ///
  /// Source: G. Marsaglia and W. W. Tsang, "A Simple Method for Generating Gamma Variables", ACM
  /// TOMS 26 (2000).
  public mutating func chi(degrees: Int) -> Double {
    precondition(degrees > 0, "a chi variable has at least one degree of freedom")
    // The method wants a shape of at least 1; one degree is a plain normal number.
    guard degrees > 1 else { return abs(normal()) }
    let d = Double(degrees) / 2 - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      if log(uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return (2 * d * v).squareRoot() }
    }
  }
}
