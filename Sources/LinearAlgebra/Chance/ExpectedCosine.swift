#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Computes the expected |cosine| between a fixed direction and a random one.
///
/// - Parameter dimension: n, the dimension of the space; positive.
/// - Returns: Gamma(n/2) / (sqrt(pi) Gamma((n+1)/2)), about sqrt(2 / (pi n)), to a relative 1e-8
///   for n up to 10^6.
/// - Precondition: The dimension is positive.
/// - Complexity: O(1)
///
/// Source: the first coordinate of a uniform unit vector; its square is Beta(1/2, (n-1)/2)
/// distributed.
public func expectedAbsoluteCosine(dimension: Int) -> Double {
  precondition(dimension > 0, "there are no directions in \(dimension) dimensions")
  let n = Double(dimension)
  return exp(lgamma(n / 2) - lgamma((n + 1) / 2)) / Double.pi.squareRoot()
}
