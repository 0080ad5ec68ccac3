/// A mark on an axis.
package struct Tick: Sendable, Hashable {
  /// Where it stands.
  package let value: Double

  /// What is written beside it.
  package let label: String

  /// Makes a mark.
  package init(value: Double, label: String) {
    self.value = value
    self.label = label
  }
}

/// The marks of an axis: multiples of 1, 2, 2.5 or 5 times a power of ten, as narrow as the count
/// allows.
///
/// - Parameters:
///   - low: The lower end of the axis.
///   - high: The upper end of the axis, above `low`.
///   - intervalCount: How many steps the axis may have at most.
///   - enclosing: Whether the first and the last mark lie at or outside the ends, rather than
///     inside.
/// - Returns: At least two marks, from the lowest to the highest, with equal numbers of decimals.
/// - Precondition: The ends are finite, `low < high`, and `intervalCount` is at least 2.
package func niceTicks(
  from low: Double, to high: Double, intervalCount: Int, enclosing: Bool = false
) -> [Tick] {
  precondition(low.isFinite && high.isFinite && low < high, "an axis needs two finite ends")
  precondition(intervalCount >= 2, "an axis needs at least two intervals")

  for step in NiceStep.allSteps(near: high - low) {
    let first = step.count(in: low, rounding: enclosing ? .down : .up)
    let last = step.count(in: high, rounding: enclosing ? .up : .down)
    guard last - first <= Double(intervalCount) else { continue }
    return (Int(first)...Int(max(first, last))).map(step.tick)
  }
  // Only ends that differ by less than rounding can show come here.
  return [Tick(value: low, label: "\(low)")]
}

/// The marks within a range: multiples of the narrowest step of 1, 2, 2.5 or 5 times a power of ten
/// that makes no more than about so many intervals.
///
/// - Parameters:
///   - low: The lower end of the axis.
///   - high: The upper end of the axis, above `low`.
///   - count: About how many steps the axis may have.
/// - Returns: The marks, from the lowest to the highest, with labels as short as their values allow.
/// - Precondition: The ends are finite, and `low < high`.
package func niceTicks(from low: Double, to high: Double, stepsAbout count: Int) -> [Tick] {
  precondition(low.isFinite && high.isFinite && low < high, "an axis needs two finite ends")
  // A step that is too short by no more than can be seen is taken.
  let least = 0.999 * (high - low) / Double(count)
  guard let step = NiceStep.allSteps(near: high - low).first(where: { $0.size >= least }) else {
    return []
  }
  let first = Int(step.count(in: low, rounding: .up))
  let last = Int(step.count(in: high, rounding: .down))
  return first <= last ? (first...last).map { step.tick($0).withShortLabel } : []
}

/// The marks of an axis that counts from 1 to `last`: every number where there is room, else 1 and
/// round numbers.
package func countingTicks(to last: Int, atMost count: Int) -> [Tick] {
  var step = 1
  for next in niceCountingSteps where last / step > count { step = next }
  let numbers = (1...max(last, 1)).filter { $0 == 1 || $0 % step == 0 }
  return numbers.map { Tick(value: Double($0), label: "\($0)") }
}

/// The steps by which labels of counted things are thinned out.
package let niceCountingSteps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]

/// The smallest of 1, 1.2, 1.4, 1.6, 2, 2.5, 3, 3.5, 4, 5, 6, 7 and 8 times a power of ten that is
/// at least the number.
///
/// All of these are multiples of the step that `niceTicks` chooses for eight intervals from 0. The
/// result never falls when the number rises, and a result is its own result.
///
/// - Precondition: The number is positive and finite.
package func niceCeiling(_ number: Double) -> Double {
  precondition(number > 0 && number.isFinite, "only a positive number has a nice ceiling")
  let start = decimalExponent(below: number)
  for exponent in start...(start + 3) {
    for mantissa in [10, 12, 14, 16, 20, 25, 30, 35, 40, 50, 60, 70, 80] {
      let candidate = scaled(mantissa, exponent: exponent - 1)
      if candidate >= number { return candidate }
    }
  }
  return number
}

extension Tick {
  /// The same mark without zeros at the end of its decimals.
  fileprivate var withShortLabel: Tick {
    guard label.contains("."), !label.contains("e") else { return self }
    let decimals = label.reversed().drop { $0 == "0" }.drop { $0 == "." }
    return Tick(value: value, label: String(decimals.reversed()))
  }
}

/// A step of `mantissa` times ten to `exponent`.
private struct NiceStep {
  let mantissa: Int
  let exponent: Int

  static func allSteps(near range: Double) -> [NiceStep] {
    let start = decimalExponent(below: range) - 2
    return (start...(start + 5)).flatMap { exponent in
      [
        NiceStep(mantissa: 1, exponent: exponent), NiceStep(mantissa: 2, exponent: exponent),
        NiceStep(mantissa: 25, exponent: exponent - 1), NiceStep(mantissa: 5, exponent: exponent),
      ]
    }
  }

  var size: Double { scaled(mantissa, exponent: exponent) }

  func count(in end: Double, rounding rule: FloatingPointRoundingRule) -> Double {
    let count = end / size
    // 0.3 / 0.1 is a little under 3: what is whole but for rounding is whole.
    let nearest = count.rounded()
    return abs(count - nearest) <= 1e-9 * max(1, abs(nearest)) ? nearest : count.rounded(rule)
  }

  func tick(_ count: Int) -> Tick {
    let whole = count * mantissa
    let value = scaled(whole, exponent: exponent)
    let label =
      switch exponent {
      case _ where whole == 0: "0"
      case ..<(-7): "\(whole)e\(exponent)"
      case ..<0: shiftedText(whole, decimals: -exponent)
      case ..<6: fixedText(value, places: 0)
      default: "\(whole)e\(exponent)"
      }
    return Tick(value: value, label: label)
  }
}

/// The whole number times a power of ten, correctly rounded: 3 and -1 give the same 0.3 as the
/// literal.
private func scaled(_ whole: Int, exponent: Int) -> Double {
  exponent < 0 ? Double(whole) / powerOfTen(-exponent) : Double(whole) * powerOfTen(exponent)
}

/// An exponent of ten at or at most one below that of the positive number.
func decimalExponent(below number: Double) -> Int {
  // log10(2) = 0.30103.
  Int((Double(number.exponent) * 0.301_03).rounded(.down))
}
