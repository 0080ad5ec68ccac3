import ArgumentParser
import SpectralReports

/// A length on paper as the command line names it, such as `84mm`.
struct Length: ExpressibleByArgument {
  /// The length in points, 1/72 inch.
  let points: Double
  /// The words.
  let text: String

  /// A length of so many points, and its words.
  init(points: Double, text: String) {
    self.points = points
    self.text = text
  }

  init?(argument: String) {
    let units = ["mm": 72 / 25.4, "cm": 72 / 2.54, "in": 72, "pt": 1]
    guard let unit = units[String(argument.suffix(2))],
      let number = Double(argument.dropLast(2)), number > 0, number.isFinite
    else { return nil }
    points = number * unit
    text = argument
  }

  var defaultValueDescription: String { text }
}

/// The range of colours as the command line names it: `run`, `data`, or two numbers such as `0-1`.
struct ColourRangeArgument: ExpressibleByArgument {
  let range: PrintOptions.ColourRange

  /// Takes a range.
  init(range: PrintOptions.ColourRange) { self.range = range }

  init?(argument: String) {
    switch argument {
    case "run": range = .ofRun
    case "data": range = .ofData
    default:
      // A minus sign may stand before either number, and in an exponent.
      guard
        let match = argument.wholeMatch(of: /(-?[0-9.]+(?:e-?[0-9]+)?)-(-?[0-9.]+(?:e-?[0-9]+)?)/),
        let low = Double(match.1), let high = Double(match.2), low < high,
        (high - low).isFinite, high - low > 1e-9 * max(abs(low), abs(high)), high - low > 1e-300
      else { return nil }
      range = .fixed(low, high)
    }
  }

  var defaultValueDescription: String {
    switch range {
    case .ofRun: "run"
    case .ofData: "data"
    case .fixed(let low, let high): "\(shortest(low))-\(shortest(high))"
    }
  }
}
