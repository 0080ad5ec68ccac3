import Foundation

/// The number of leading directions: k = max(1, ceil(fraction * rank)), without rounding error.
///
/// ```swift
/// leadingCount(fraction: 0.07, rank: 100)  // 7, though 0.07 * 100 > 7 in floating point
/// ```
///
/// - Parameters:
///   - fraction: Over 0, at most 1; taken for the shortest decimal number that reads as this value.
///   - rank: r, the number of singular directions; positive.
/// - Returns: A number in 1...rank.
/// - Precondition: The fraction and the rank are in their ranges.
/// - Complexity: O(1)
public func leadingCount(fraction: Double, rank: Int) -> Int {
  precondition(fraction > 0 && fraction <= 1, "a fraction of \(fraction) is out of range")
  precondition(rank > 0, "a rank of \(rank) has no directions")
  guard var exact = Decimal(string: fraction.description) else { return 1 }
  exact *= Decimal(rank)
  var whole = Decimal()
  // Safe: Foundation writes one number there during the call.
  unsafe NSDecimalRound(&whole, &exact, 0, .up)
  return min(rank, max(1, NSDecimalNumber(decimal: whole).intValue))
}
