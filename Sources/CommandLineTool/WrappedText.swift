/// A paragraph in lines of up to so many characters, all but the first set in.
///
/// A word that is longer than a line, such as a path, stays whole.
func wordWrapped(
  _ paragraph: String, width: Int = LineWidth.ofProse, indent: Int = 2
) -> [String] {
  var lines: [String] = []
  var line = ""
  for word in paragraph.split(separator: " ") {
    if !line.isEmpty, line.count + word.count + 1 > width {
      lines.append(line)
      line = String(repeating: " ", count: indent) + word
    } else {
      line += line.isEmpty ? "\(word)" : " \(word)"
    }
  }
  return lines + [line]
}

/// Names with what they mean beside them, in lines that fit.
func describedLines(
  _ items: [(name: String, meaning: String)], width: Int = LineWidth.ofProse
) -> [String] {
  let indent = (items.map(\.name.count).max() ?? 0) + 2
  return items.flatMap { item in
    let lines = wordWrapped(item.meaning, width: max(width - indent, 20), indent: 0)
    return lines.enumerated().map { place, line in
      let name = place == 0 ? item.name : ""
      return name + String(repeating: " ", count: indent - name.count) + line
    }
  }
}
