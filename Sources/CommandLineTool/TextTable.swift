/// A table of words for a terminal: columns as wide as they need, numbers to the right.
///
/// Where the columns are too many for a line, the rest stands below, after the first column again.
struct TextTable {
  private let columns: [String]
  private let alignsRight: [Bool]
  private var rows: [[String]] = []

  /// Makes a table; columns whose header ends in `>` align to the right.
  init(columns: [String]) {
    alignsRight = columns.map { $0.hasSuffix(">") }
    self.columns = columns.map { $0.hasSuffix(">") ? String($0.dropLast()) : $0 }
  }

  /// Appends a row with one word for each column.
  mutating func append(_ row: [String]) {
    precondition(row.count == columns.count, "a row has one word for each column")
    rows.append(row)
  }

  /// The table as lines, the header first.
  var text: String { text(width: LineWidth.ofTables) }

  private func text(width: Int) -> String {
    let all = [columns] + rows
    let widths = columns.indices.map { place in all.map { $0[place].count }.max() ?? 0 }
    var blocks: [[Int]] = []
    for place in columns.indices {
      let taken = (blocks.last ?? []).reduce(0) { $0 + widths[$1] + 2 }
      if let last = blocks.last, last.count < 2 || taken + widths[place] <= width {
        blocks[blocks.count - 1].append(place)
      } else {
        blocks.append(place == 0 ? [0] : [0, place])
      }
    }
    return blocks.map { block in
      all.map { row in
        let cells = block.map { place in
          let space = String(repeating: " ", count: widths[place] - row[place].count)
          return alignsRight[place] ? space + row[place] : row[place] + space
        }
        var line = cells.joined(separator: "  ")
        while line.last == " " { line.removeLast() }
        return line
      }.joined(separator: "\n")
    }.joined(separator: "\n\n")
  }
}
