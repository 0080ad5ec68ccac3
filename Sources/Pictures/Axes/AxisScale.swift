internal import Foundation

/// How the numbers of an axis become places along it.
package enum AxisScale: Sendable, Hashable {
  case linear
  /// Equal ratios take equal lengths; only what is above 0 has a place.
  case logarithmic

  /// How far a value lies on the way from the lower end to the upper one: 0 to 1 between them.
  ///
  /// - Precondition: The ends differ and, on a logarithmic axis, are above 0 as the value is.
  package func share(of value: Double, in range: ClosedRange<Double>) -> Double {
    switch self {
    case .linear: (value - range.lowerBound) / (range.upperBound - range.lowerBound)
    case .logarithmic:
      log(value / range.lowerBound) / log(range.upperBound / range.lowerBound)
    }
  }

  /// The value that lies so far on the way from the lower end to the upper one.
  package func value(at share: Double, in range: ClosedRange<Double>) -> Double {
    switch self {
    case .linear: range.lowerBound + (range.upperBound - range.lowerBound) * share
    case .logarithmic: range.lowerBound * pow(range.upperBound / range.lowerBound, share)
    }
  }
}
