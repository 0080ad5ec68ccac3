import Findings

extension Table {
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
