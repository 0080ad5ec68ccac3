/// A table of words for a terminal: columns as wide as they need, numbers to the right.
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
  var text: String {
    let all = [columns] + rows
    let widths = columns.indices.map { place in all.map { $0[place].count }.max() ?? 0 }
    return all.map { row in
      let cells = row.indices.map { place in
        let space = String(repeating: " ", count: widths[place] - row[place].count)
        return alignsRight[place] ? space + row[place] : row[place] + space
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
