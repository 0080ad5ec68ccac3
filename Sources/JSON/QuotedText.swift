/// Quotes a name from a file for a message, cut when it is long.
package func quoted(_ text: String) -> String {
  let limit = 160
  let isLong = !text.unicodeScalars.dropFirst(limit).isEmpty
  return "'\(printable(String(text.unicodeScalars.prefix(limit))))\(isLong ? "…" : "")'"
}

/// The text with control characters spelled out.
///
/// Names in a file come from strangers, and messages go to a terminal that obeys control
/// characters.
package func printable(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      result += "\\u{\(String(scalar.value, radix: 16))}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
