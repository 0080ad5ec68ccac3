/// One element of an SVG document, with its attributes in the order in which they were given.
///
/// This is the only place where text becomes markup: names, values and words are escaped as they
/// are written, so that no caller has to think of it.
package struct SVGElement: Sendable {
  /// The value of an attribute.
  package enum Value: Sendable {
    case text(String)
    /// A length or a coordinate, written with at most two decimals.
    case number(Double)
  }

  private let name: String
  private let attributes: KeyValuePairs<String, Value>
  private let words: String?
  private let children: [SVGElement]

  /// Makes an element that holds other elements, or nothing.
  package init(
    _ name: String, _ attributes: KeyValuePairs<String, Value> = [:], children: [SVGElement] = []
  ) {
    self.name = name
    self.attributes = attributes
    self.words = nil
    self.children = children
  }

  /// Makes an element that holds words.
  package init(_ name: String, _ attributes: KeyValuePairs<String, Value> = [:], words: String) {
    self.name = name
    self.attributes = attributes
    self.words = words
    self.children = []
  }

  /// Appends the element's markup, one element a line.
  package func write(to markup: inout String) {
    markup += "<\(name)"
    for (attribute, value) in attributes {
      markup += " \(attribute)=\""
      switch value {
      case .text(let text): markup += escaped(text)
      case .number(let number): markup += trimmedText(number, places: 2)
      }
      markup += "\""
    }
    if let words {
      markup += ">\(escaped(words))</\(name)>\n"
    } else if children.isEmpty {
      markup += "/>\n"
    } else {
      markup += ">\n"
      for child in children { child.write(to: &markup) }
      markup += "</\(name)>\n"
    }
  }
}

extension SVGElement.Value: ExpressibleByStringInterpolation, ExpressibleByFloatLiteral,
  ExpressibleByIntegerLiteral
{
  /// Makes a text.
  package init(stringLiteral text: String) { self = .text(text) }

  /// Makes a number.
  package init(floatLiteral number: Double) { self = .number(number) }

  /// Makes a number.
  package init(integerLiteral number: Int) { self = .number(Double(number)) }
}

/// The text as it must stand in XML 1.0, inside an element or between double quotes.
///
/// Characters that XML 1.0 cannot hold, not even as references, are left out.
private func escaped(_ text: String) -> String {
  let isPlain = text.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""),
      UInt8(ascii: "'"):
      false
    default: byte >= 0x20 && byte < 0x7F
    }
  }
  if isPlain { return text }

  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "'": result += "&#39;"
    // A reader would turn these into spaces inside an attribute.
    case "\t", "\n", "\r": result += "&#\(scalar.value);"
    case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": continue
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
