/// The sizes of type in the figures, in pixels.
enum TypeSize {
  static let title = 18.0
  static let subtitle = 13.0
  static let axis = 12.0
  static let label = 11.0
}

/// A careful guess at the width of a line of text in pixels, on the wide side.
///
/// Nothing here can ask the viewer's fonts. The shares are those of DejaVu Sans, which is wider
/// than what `system-ui` stands for on common systems.
package func textWidth(_ text: String, size: Double, isBold: Bool = false) -> Double {
  let widths = text.unicodeScalars.map { scalar -> Double in
    switch scalar {
    case " ", ".", ",", ";", ":", "'", "|", "!", "i", "j", "l", "I", "·": 0.34
    case "f", "r", "t", "(", ")", "[", "]", "/", "-": 0.42
    case "m", "w", "M", "W", "@", "%": 0.98
    case "=", "+", "<", ">", "~", "A"..."Z": 0.78
    case "\u{0}"..."\u{7F}": 0.64
    case "\u{300}"..."\u{36F}": 0
    case "\u{80}"..."\u{7FF}": 0.7
    default: 1
    }
  }
  return widths.reduce(0, +) * size * (isBold ? 1.1 : 1)
}

/// The text in lines that are no wider than `width`, broken between words where that is possible.
package func wrapped(
  _ text: String, width: Double, size: Double, isBold: Bool = false
) -> [String] {
  func fits(_ line: String) -> Bool { textWidth(line, size: size, isBold: isBold) <= width }

  var lines: [String] = []
  var line = ""
  for word in text.split(separator: " ") {
    let longer = line.isEmpty ? String(word) : "\(line) \(word)"
    if fits(longer) {
      line = longer
      continue
    }
    if !line.isEmpty { lines.append(line) }
    line = ""
    for character in word {
      if !line.isEmpty, !fits(line + String(character)) {
        lines.append(line)
        line = ""
      }
      line.append(character)
    }
  }
  if !line.isEmpty { lines.append(line) }
  return lines
}

/// The text, cut after so many characters with an ellipsis as the last of them.
package func shortened(_ text: String, to count: Int) -> String {
  text.count <= count ? text : text.prefix(count - 1) + "…"
}
