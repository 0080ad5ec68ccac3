import Foundation

/// How a format rounds: which numbers a block of weights can hold, beside its largest one.
///
/// ```swift
/// let rounding = Rounding(levels: (-127...127).map(Float.init), blockSize: 32)
/// rounding.relativeError  // 0.005
/// ```
public struct Rounding: Sendable, Hashable {
  /// The numbers that can be stored, ascending, in any unit.
  public let levels: [Float]
  /// How many numbers share a scale.
  public let blockSize: Int
  /// Whether scales are powers of two, and not what takes the largest number to the largest level.
  public let hasPowersOfTwo: Bool

  /// Describes a format.
  ///
  /// - Parameters:
  ///   - levels: The numbers that can be stored, in any order and unit; what is not finite is left
  ///     out.
  ///   - blockSize: How many numbers share a scale, at least one.
  ///   - hasPowersOfTwo: Whether scales are powers of two, as those of microscaled formats are.
  public init(levels: some Sequence<Float>, blockSize: Int, hasPowersOfTwo: Bool = false) {
    self.levels = Set(levels.lazy.filter(\.isFinite).map { $0 + 0 }).sorted()
    self.blockSize = max(1, blockSize)
    self.hasPowersOfTwo = hasPowersOfTwo
  }

  /// Integers of some bits from the least to the largest number of a block.
  public init(bitCount: Int, blockSize: Int) {
    let largest = Float((1 << bitCount) - 1)
    self.init(levels: (0..<1 << bitCount).map { 2 * Float($0) - largest }, blockSize: blockSize)
  }

  /// The root mean square of the rounding error of independent normal numbers, over theirs.
  ///
  /// Each is rounded to the nearest level; the scale of a block takes its largest number to the
  /// largest level, or is the power of two below that by the exponents of both, as the microscaling
  /// formats have it. Scales themselves are taken as exact.
  ///
  /// It is exact but for the distribution of the largest number, of which 64 equally likely values
  /// stand for all: within 1 % of itself.
  ///
  /// Source: OCP Microscaling Formats 1.0, section 6.3, for scales that are powers of two.
  ///
  /// - Complexity: O(levels)
  public var relativeError: Double {
    let top = Double(levels.map(\.magnitude).max() ?? 0)
    guard top > 0 else { return 1 }
    let count = 64
    let squares = (0..<count).map { place in
      let largest = largestMagnitude(at: (Double(place) + 0.5) / Double(count))
      let unit =
        hasPowersOfTwo
        ? Double(sign: .plus, exponent: largest.exponent - top.exponent, significand: 1)
        : largest / top
      return meanSquare(unit: unit, largest: largest)
    }
    return (squares.reduce(0, +) / Double(count)).squareRoot()
  }

  /// The largest angle, in radians, by which that rounding turns a leading singular direction, as far
  /// as first order tells.
  ///
  /// The direction is one of `dimensionCount` dimensions, of a matrix that has `otherCount` on its
  /// other side. Its singular value is `strength` times the largest one that independent numbers of
  /// the same root mean square have, and all others are taken to be as large as that.
  ///
  /// - Precondition: The strength is over 1.
  public func angle(strength: Double, dimensionCount: Int, otherCount: Int) -> Double {
    precondition(strength > 1, "a direction of strength \(strength) is none")
    let (n, m) = (Double(dimensionCount), Double(otherCount))
    let square = strength * strength
    let gap = (square + 1) / ((square - 1) * (square - 1))
    let edge = n.squareRoot() + m.squareRoot()
    return asin(min(1, relativeError * (n * gap).squareRoot() / edge))
  }

  /// What the largest magnitude of the numbers of a block is below with some probability.
  private func largestMagnitude(at probability: Double) -> Double {
    // The share of numbers beyond it.
    let beyond = -expm1(log(probability) / Double(blockSize))
    var (low, high) = (0.0, 40.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if erfc(middle / 2.0.squareRoot()) > beyond { low = middle } else { high = middle }
    }
    return high
  }

  /// The mean square of the errors in a block whose largest magnitude is given.
  private func meanSquare(unit: Double, largest: Double) -> Double {
    let steps = levels.map { Double($0) * unit }
    func density(_ x: Double) -> Double { exp(-x * x / 2) / (2 * Double.pi).squareRoot() }
    var sum = 0.0
    for (place, step) in steps.enumerated() {
      // What is rounded to this level.
      let start = place == 0 ? -largest : max(-largest, (steps[place - 1] + step) / 2)
      let end = place == steps.count - 1 ? largest : min(largest, (step + steps[place + 1]) / 2)
      guard start < end else { continue }
      let share = (erf(end / 2.0.squareRoot()) - erf(start / 2.0.squareRoot())) / 2
      // The integral of (x - step)^2 times the density.
      sum +=
        (1 + step * step) * share - (end * density(end) - start * density(start))
        + 2 * step * (density(end) - density(start))
    }
    let others = sum / erf(largest / 2.0.squareRoot())
    let own = [-largest, largest].map { end in
      steps.map { ($0 - end) * ($0 - end) }.min() ?? 0
    }
    let size = Double(blockSize)
    return max(0, others) * (size - 1) / size + (own[0] + own[1]) / 2 / size
  }
}
