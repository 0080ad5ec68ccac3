import Foundation

/// A number of bytes in words, such as `1.04 GB`; decimal units.
func bytesText(_ count: Int) -> String {
  let units = ["bytes", "kB", "MB", "GB", "TB", "PB"]
  var value = Double(count)
  var unit = 0
  while value >= 999.5, unit < units.count - 1 {
    value /= 1000
    unit += 1
  }
  return unit == 0
    ? "\(count) bytes"
    : "\(rounded(value, digits: value < 9.995 ? 2 : value < 99.95 ? 1 : 0)) \(units[unit])"
}

/// A time in words, such as `1 h 02 min`, `3 min 05 s` or `12 s`.
func timeText(seconds: Double) -> String {
  let whole = Int(seconds.rounded())
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  if whole >= 3600 { return "\(whole / 3600) h \(two(whole % 3600 / 60)) min" }
  if whole >= 60 { return "\(whole / 60) min \(two(whole % 60)) s" }
  return whole == 0 ? "under 1 s" : "\(whole) s"
}

/// A number with as few digits as it needs, and six at most, whatever the locale.
func shortest(_ value: Double) -> String {
  String(format: "%.6g", locale: Locale(identifier: "en_US_POSIX"), value)
}

/// A number with so many digits after the point, whatever the locale.
func rounded(_ value: Double, digits: Int) -> String {
  guard value.isFinite else { return value.isNaN ? "-" : value > 0 ? "inf" : "-inf" }
  return String(format: "%.\(digits)f", locale: Locale(identifier: "en_US_POSIX"), value)
}
