/// Picks places that are spread evenly over a count: `floor(i * count / sampled)` for each *i*.
///
/// ```swift
/// evenlySampled(4, of: 10)  // [0, 2, 5, 7]
/// ```
///
/// - Parameters:
///   - sampled: How many places to pick, from 0 up.
///   - count: How many there are, from 0 up.
/// - Returns: `min(sampled, count)` places, ascending, each once.
/// - Precondition: Neither is negative.
/// - Complexity: O(sampled)
public func evenlySampled(_ sampled: Int, of count: Int) -> [Int] {
  precondition(sampled >= 0 && count >= 0, "\(sampled) places of \(count)")
  guard sampled < count else { return Array(0..<count) }
  return (0..<sampled).map {
    // The product may need more than 64 bits; the quotient is less than `count`.
    sampled.dividingFullWidth($0.multipliedFullWidth(by: count)).quotient
  }
}
