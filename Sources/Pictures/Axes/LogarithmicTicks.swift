internal import Foundation

/// The marks of a logarithmic axis that encloses a range: 1, 2 and 5 times powers of ten where that
/// leaves few enough, else powers of ten.
///
/// - Parameters:
///   - low: The smallest value that is shown.
///   - high: The largest value that is shown.
///   - count: How many marks there may be at most.
/// - Returns: At least two marks; the first is at most `low`, the last at least `high`.
/// - Precondition: The ends are finite, `0 < low <= high`, and the count is at least 3.
package func logarithmicTicks(from low: Double, to high: Double, atMost count: Int) -> [Tick] {
  precondition(low > 0 && low <= high && high.isFinite, "a logarithmic axis has two positive ends")
  precondition(count >= 3, "a logarithmic axis needs room for three marks")

  let start = decimalExponent(below: low) - 1
  let end = decimalExponent(below: high) + 2
  for (mantissas, step) in [([1, 2, 5], 1), ([1], 1), ([1], 2), ([1], 5), ([1], 10), ([1], 50)] {
    // Multiples of the step, so that ticks do not depend on where the range begins.
    let lowest = Int((Double(start) / Double(step)).rounded(.down)) * step
    let all = stride(from: lowest, through: end + step, by: step).flatMap { exponent in
      mantissas.map { logarithmicTick($0, exponent: exponent) }
    }.filter { $0.value > 0 && $0.value.isFinite }
    guard let first = all.lastIndex(where: { $0.value <= low }) else { continue }
    // One mark beyond the lowest even where a single value is shown.
    let last = all.indices.first { $0 > first && all[$0].value >= high }
    guard let last, last - first < count else { continue }
    return Array(all[first...last])
  }
  // Only values at the very ends of what a number can hold come here.
  let lower = low < high || low / 2 == 0 ? low : low / 2
  let upper = lower < high ? high : 2 * high
  return [lower, upper].map { Tick(value: $0, label: "\($0)") }
}

/// The marks of a logarithmic axis within a range: the closer its ends, the more of 1, 2, 3, 5 and 7
/// times powers of ten.
///
/// - Precondition: The ends are above 0, finite and not equal.
package func logarithmicTicks(within range: ClosedRange<Double>) -> [Tick] {
  precondition(
    range.lowerBound > 0 && range.lowerBound < range.upperBound && range.upperBound.isFinite,
    "a logarithmic axis has two positive ends")
  let decades = log10(range.upperBound / range.lowerBound)
  let mantissas = decades > 2.5 ? [1] : (decades > 1 ? [1, 3] : [1, 2, 3, 5, 7])
  let first = Int(log10(range.lowerBound).rounded(.down))
  let last = Int(log10(range.upperBound).rounded(.down))
  // A mark that is beyond an end by no more than can be seen is taken.
  let taken = (range.lowerBound * 0.999)...(range.upperBound * 1.001)
  return stride(from: first, through: last, by: decades > 8 ? 2 : 1).flatMap { exponent in
    mantissas.map { logarithmicTick($0, exponent: exponent, plain: -6...14) }
  }.filter { taken.contains($0.value) }
}

/// The marks of a logarithmic axis that counts from 1 to `last`: 1, 2, 5, 10, 20, 50...
///
/// - Precondition: `last` is at least 1.
package func logarithmicCountingTicks(to last: Int) -> [Tick] {
  precondition(last >= 1, "an axis that counts begins with 1")
  var ticks: [Tick] = []
  for exponent in 0..<18 {
    for mantissa in [1, 2, 5] {
      let tick = logarithmicTick(mantissa, exponent: exponent)
      guard tick.value <= Double(last) else { return ticks }
      ticks.append(tick)
    }
  }
  return ticks
}

private func logarithmicTick(
  _ mantissa: Int, exponent: Int, plain: ClosedRange<Int> = -4...4
) -> Tick {
  let short = "\(mantissa)e\(exponent)"
  // Reading the label gives the nearest number even where powers of ten are no longer exact.
  let value = Double(short) ?? .infinity
  let label =
    switch exponent {
    case _ where !plain.contains(exponent): short
    case ..<0: shiftedText(mantissa, decimals: -exponent)
    default: fixedText(value, places: 0)
    }
  return Tick(value: value, label: label)
}
