internal import Foundation

/// An sRGB colour.
package struct Colour: Sendable, Hashable {
  /// The channels, 0 to 255.
  package let red, green, blue: UInt8

  /// Makes a colour from a number such as `0x440154`.
  package init(_ rgb: UInt32) {
    red = UInt8(truncatingIfNeeded: rgb >> 16)
    green = UInt8(truncatingIfNeeded: rgb >> 8)
    blue = UInt8(truncatingIfNeeded: rgb)
  }

  /// Makes the colour that lies at `share`, 0 to 1, of the way between two others, channel by
  /// channel.
  init(between first: Colour, and second: Colour, at share: Double) {
    func mixed(_ a: UInt8, _ b: UInt8) -> UInt8 {
      UInt8((Double(a) + (Double(b) - Double(a)) * share).rounded())
    }
    red = mixed(first.red, second.red)
    green = mixed(first.green, second.green)
    blue = mixed(first.blue, second.blue)
  }

  /// The colour as SVG and HTML write it, such as `#440154`.
  package var hex: String {
    let digits = [red, green, blue].map { channel in
      (channel < 16 ? "0" : "") + String(channel, radix: 16)
    }
    return "#" + digits.joined()
  }

  /// How much light the colour gives, 0 to 1.
  ///
  /// Source: W3C, Web Content Accessibility Guidelines 2.2, "relative luminance".
  package var luminance: Double {
    func light(_ channel: UInt8) -> Double {
      let share = Double(channel) / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue)
  }

  /// White or black, whichever stands out more on this colour.
  package var readableInk: String {
    // Where both have the same contrast: (1 + 0.05) / (x + 0.05) = (x + 0.05) / 0.05.
    luminance < 0.179 ? "#ffffff" : "#000000"
  }
}

/// The colours that are not data.
package enum Ink {
  /// What is read first: titles, labels, medians.
  package static let text = "#1a1a1a"
  static let quietText = "#4a4a4a"
  static let line = "#8a8a8a"
  static let grid = "#e4e4e4"
  static let neutralPixel: UInt32 = 0xc9c9c9
  static let missingPixel: UInt32 = 0xf0f0f0
  static let neutralCell = Colour(neutralPixel).hex
  static let missingCell = Colour(missingPixel).hex
}
