import Findings

/// Asks a table by the names that its file has, apart from the columns that wrote it.
extension Table {
  /// All values of a column of whole numbers.
  func integers(_ name: String) -> [Int] { self[Column<Int>(name, "")] }

  /// All values of a column of real numbers.
  func numbers(_ name: String) -> [Double] { self[Column<Double>(name, "")] }

  /// All words of a column, as a file has them.
  func texts(_ name: String) -> [String] { self[Column<String>(name, "")] }

  /// The rows whose columns hold these texts, in their order.
  func rows(_ wanted: KeyValuePairs<String, String>) -> [Int] {
    let columns = wanted.map { (fields($0.key), $0.value) }
    return (0..<rowCount).filter { row in columns.allSatisfy { $0.0[row] == $0.1 } }
  }

  /// The numbers of a column in those rows.
  func numbers(_ column: String, _ wanted: KeyValuePairs<String, String>) -> [Double] {
    let values = numbers(column)
    return rows(wanted).map { values[$0] }
  }

  /// What a column holds, as text.
  private func fields(_ column: String) -> [String] {
    switch definition.columns.first(where: { $0.name == column })?.kind {
    case .integer: integers(column).map(String.init)
    case .number: numbers(column).map(\.description)
    default: texts(column)
    }
  }
}
