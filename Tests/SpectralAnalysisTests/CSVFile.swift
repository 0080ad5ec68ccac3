import Foundation

/// A CSV file without quotes, as the reference generators and numeric tables are, read apart from
/// `Findings`.
struct CSVFile {
  let columns: [String]
  let rows: [[String]]

  init(path: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    // The generators end lines in CR LF, which Swift holds for one character.
    var lines = text.split(whereSeparator: \.isNewline).map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    columns = lines.isEmpty ? [] : lines.removeFirst()
    rows = lines
  }

  /// All fields of a column.
  func texts(_ column: String) throws -> [String] {
    guard let place = columns.firstIndex(of: column) else { throw NoSuchColumn(name: column) }
    return rows.map { $0[place] }
  }

  /// All values of a column, NaN where a field is no number.
  func numbers(_ column: String) throws -> [Double] {
    try texts(column).map { Double($0) ?? .nan }
  }

  /// The fields of the first columns of every row, joined: what names the row.
  func keys(_ names: [String]) throws -> [String] {
    let columns = try names.map { try texts($0) }
    return rows.indices.map { row in columns.map { $0[row] }.joined(separator: ",") }
  }

  struct NoSuchColumn: Error {
    let name: String
  }
}
