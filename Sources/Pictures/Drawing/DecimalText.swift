/// The number with exactly so many decimals, the same on every machine and in every locale.
///
/// - Returns: Plain decimals; the shortest form that round-trips where the number has more than 15
///   digits; `not measured` for NaN.
package func fixedText(_ number: Double, places: Int) -> String {
  guard !number.isNaN else { return "not measured" }
  let scaled = (number * powerOfTen(places)).rounded()
  guard let whole = Int(exactly: scaled), scaled.magnitude < 1e15 else { return "\(number)" }
  return shiftedText(whole, decimals: places)
}

/// The number with at most so many decimals, without zeros at the end.
package func trimmedText(_ number: Double, places: Int) -> String {
  let fixed = fixedText(number, places: places)
  guard places > 0, fixed.contains("."), !fixed.contains("e") else { return fixed }
  let trimmed = fixed.trimmingSuffix("0")
  return String(trimmed.trimmingSuffix("."))
}

/// A small share such as a floor: four decimals, more where fewer than three digits would say
/// something.
package func shareText(_ share: Double) -> String {
  var places = 4
  while places < 12, share.magnitude > 0, share.magnitude * powerOfTen(places - 2) < 1 {
    places += 1
  }
  return fixedText(share, places: places)
}

/// The whole number times ten to the minus `decimals`, written out.
package func shiftedText(_ whole: Int, decimals: Int) -> String {
  guard decimals > 0, whole != 0 else { return decimals > 0 ? "0." + zeros(decimals) : "\(whole)" }
  let digits = String(whole.magnitude)
  let padded = zeros(decimals + 1 - digits.count) + digits
  return (whole < 0 ? "-" : "") + padded.dropLast(decimals) + "." + padded.suffix(decimals)
}

/// Ten to a power that is not negative; exact up to the 22nd.
package func powerOfTen(_ exponent: Int) -> Double {
  var result = 1.0
  for _ in 0..<max(exponent, 0) { result *= 10 }
  return result
}

private func zeros(_ count: Int) -> String {
  String(repeating: "0", count: max(count, 0))
}

extension StringProtocol {
  fileprivate func trimmingSuffix(_ character: Character) -> SubSequence {
    guard let last = lastIndex(where: { $0 != character }) else {
      return self[startIndex..<startIndex]
    }
    return self[...last]
  }
}
