public import Checkpoints
import Foundation

/// An analysis of Method.md, by the name that the command line uses.
public enum Analysis: String, Sendable, Hashable, CaseIterable {
  /// Energy of the leading directions (analysis 1).
  case energy
  /// The leading singular values (analysis 1).
  case spectrum
  /// Principal similarity of experts (analysis 2).
  case similarity
  /// Router alignment and score (analysis 4).
  case router
}

/// What is to be measured: the options that change results.
public struct AnalysisOptions: Sendable, Hashable {
  /// The analyses, each once, in their own order.
  public var analyses: [Analysis]
  /// The projections, each once, in their own order.
  public var projections: [Projection]
  /// The share of singular directions that counts as the top; over 0, at most 1.
  public var fraction: Double
  /// The layers, or nil for all that have experts.
  public var layers: [Int]?

  /// Chooses what is to be measured; the default is everything, with the top 1 %.
  public init(
    analyses: [Analysis] = Analysis.allCases, projections: [Projection] = Projection.allCases,
    fraction: Double = 0.01, layers: [Int]? = nil
  ) {
    self.analyses = Analysis.allCases.filter(analyses.contains)
    self.projections = Projection.allCases.filter(projections.contains)
    self.fraction = fraction
    self.layers = layers
  }
}

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
