/// A table of findings: rows of values under the columns of its definition, held column by column.
public struct Table: Sendable {
  /// One value of a row.
  public enum Cell: Sendable, Hashable {
    case integer(Int)
    case number(Double)
    case text(String)
  }

  /// One value of a row, with the name of the column that it stands under.
  public struct NamedCell: Sendable, Hashable {
    let column: String
    let cell: Cell

    @usableFromInline init(column: String, cell: Cell) {
      self.column = column
      self.cell = cell
    }
  }

  /// The values of one column; only the list of its kind is filled.
  struct ColumnValues: Sendable {
    let name: String
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
    values = definition.columns.map { ColumnValues(name: $0.name, kind: $0.kind) }
  }

  /// Appends a row.
  ///
  /// - Precondition: The cells are those of the table's columns, in their order.
  public mutating func append(_ cells: NamedCell...) {
    append(contentsOf: cells)
  }

  /// Appends a row.
  ///
  /// - Precondition: The cells are those of the table's columns, in their order.
  public mutating func append(contentsOf cells: [NamedCell]) {
    precondition(
      cells.count == values.count,
      "the table '\(definition.name)' has \(values.count) columns, not \(cells.count)")
    for (place, cell) in cells.enumerated() {
      precondition(
        cell.column == values[place].name,
        "the table '\(definition.name)' has '\(values[place].name)' where a row has '\(cell.column)'"
      )
      values[place].append(cell.cell)
    }
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
    values.map { $0[row] }
  }

  /// The values of a row, each with the name of its column.
  ///
  /// - Precondition: The row exists, and all columns were read.
  public func namedCells(ofRow row: Int) -> [NamedCell] {
    zip(definition.columns, cells(ofRow: row)).map { NamedCell(column: $0.name, cell: $1) }
  }

  /// The rows that have all of those cells, in order.
  ///
  /// ```swift
  /// table.rows(where: Similarity.projection(.gate), Similarity.side(.hidden))
  /// ```
  ///
  /// - Precondition: The columns exist and were read.
  public func rows(where cells: NamedCell...) -> [Int] { rows(where: cells) }

  /// The rows that have all of those cells, in order; all rows for none.
  ///
  /// - Precondition: The columns exist and were read.
  public func rows(where cells: [NamedCell]) -> [Int] {
    let conditions = cells.map { (values[definition.index(of: $0.column)], $0.cell) }
    return (0..<rowCount).filter { row in conditions.allSatisfy { $0[row] == $1 } }
  }

  /// All values of a column of whole numbers, row by row.
  ///
  /// - Precondition: The column exists and holds whole numbers.
  public subscript(column: Column<Int>) -> [Int] { values(of: column).integers }

  /// All values of a column of real numbers, row by row; NaN where a value was not measured.
  ///
  /// - Precondition: The column exists and holds real numbers.
  public subscript(column: Column<Double>) -> [Double] { values(of: column).numbers }

  /// All texts of a column, row by row.
  ///
  /// - Precondition: The column exists and holds words.
  public subscript(column: Column<String>) -> [String] { values(of: column).texts }

  /// All values of a column of words, row by row.
  ///
  /// - Precondition: The column exists and holds words that its type knows.
  @inlinable public subscript<Value: ColumnWord>(column: Column<Value>) -> [Value] {
    // Layers, projections and sides mostly repeat what stands above them.
    var last: (text: String, value: Value)?
    return texts(of: column).map { text in
      if let last, last.text == text { return last.value }
      guard let value = Value(word: text) else {
        preconditionFailure("'\(text)' is no word of the column '\(column.name)'")
      }
      last = (text, value)
      return value
    }
  }

  @usableFromInline func texts(of column: some TypedColumn) -> [String] {
    values(of: column).texts
  }

  private func values(of column: some TypedColumn) -> ColumnValues {
    let found = values[definition.index(of: column.erased.name)]
    precondition(
      found.kind == column.erased.kind, "'\(found.name)' does not hold \(column.erased.kind)s")
    return found
  }
}

extension Table.ColumnValues {
  subscript(row: Int) -> Table.Cell {
    switch kind {
    case .integer: .integer(integers[row])
    case .number: .number(numbers[row])
    case .text: .text(texts[row])
    }
  }

  mutating func append(_ cell: Table.Cell) {
    switch cell {
    case .integer(let value) where kind == .integer: integers.append(value)
    case .number(let value) where kind == .number: numbers.append(value)
    case .text(let value) where kind == .text: texts.append(value)
    default: preconditionFailure("\(cell) is not of the column's kind")
    }
  }
}
