/// A table of findings: rows of values under the columns of its definition, held column by column.
public struct Table: Sendable {
  /// One value of a row.
  public enum Cell: Sendable, Hashable {
    case integer(Int)
    case number(Double)
    case text(String)
  }

  /// The values of one column; only the list of its kind is filled.
  struct ColumnValues: Sendable {
    let kind: TableColumn.Kind
    var integers: [Int] = []
    var numbers: [Double] = []
    var texts: [String] = []
  }

  /// The table's name and columns.
  public let definition: TableDefinition

  /// The number of rows.
  public internal(set) var rowCount = 0

  var values: [ColumnValues]

  /// Makes a table without rows.
  public init(_ definition: TableDefinition) {
    self.definition = definition
    values = definition.columns.map { ColumnValues(kind: $0.kind) }
  }

  /// Appends a row.
  ///
  /// - Precondition: There is one cell for each column, of the column's kind.
  public mutating func append(_ cells: Cell...) {
    append(contentsOf: cells)
  }

  /// Appends a row.
  ///
  /// - Precondition: There is one cell for each column, of the column's kind.
  public mutating func append(contentsOf cells: [Cell]) {
    precondition(
      cells.count == values.count,
      "the table '\(definition.name)' has \(values.count) columns, not \(cells.count)")
    for (place, cell) in cells.enumerated() { values[place].append(cell) }
    rowCount += 1
  }

  /// Appends the rows of another table of the same definition.
  ///
  /// - Precondition: The definitions agree.
  public mutating func append(rowsOf other: Table) {
    precondition(definition == other.definition, "rows of another table")
    for place in values.indices {
      values[place].integers += other.values[place].integers
      values[place].numbers += other.values[place].numbers
      values[place].texts += other.values[place].texts
    }
    rowCount += other.rowCount
  }

  /// The values of a row.
  ///
  /// - Precondition: The row exists, and all columns were read.
  public func cells(ofRow row: Int) -> [Cell] {
    values.map { column in
      switch column.kind {
      case .integer: .integer(column.integers[row])
      case .number: .number(column.numbers[row])
      case .text: .text(column.texts[row])
      }
    }
  }

  /// All values of a column of whole numbers, row by row.
  ///
  /// - Precondition: The column exists and holds whole numbers.
  public func integers(_ column: String) -> [Int] {
    let place = definition.index(of: column)
    precondition(values[place].kind == .integer, "'\(column)' does not hold whole numbers")
    return values[place].integers
  }

  /// All values of a column of real numbers, row by row; NaN where a value was not measured.
  ///
  /// - Precondition: The column exists and holds real numbers.
  public func numbers(_ column: String) -> [Double] {
    let place = definition.index(of: column)
    precondition(values[place].kind == .number, "'\(column)' does not hold real numbers")
    return values[place].numbers
  }

  /// All values of a column of words, row by row.
  ///
  /// - Precondition: The column exists and holds words.
  public func texts(_ column: String) -> [String] {
    let place = definition.index(of: column)
    precondition(values[place].kind == .text, "'\(column)' does not hold words")
    return values[place].texts
  }
}

extension Table.ColumnValues {
  mutating func append(_ cell: Table.Cell) {
    switch cell {
    case .integer(let value) where kind == .integer: integers.append(value)
    case .number(let value) where kind == .number: numbers.append(value)
    case .text(let value) where kind == .text: texts.append(value)
    default: preconditionFailure("\(cell) is not of the column's kind")
    }
  }
}
