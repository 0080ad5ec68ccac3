import Foundation

/// Tables as comma-separated values (RFC 4180, lines end in LF).
extension Table {
  /// The first line: the names of the columns.
  public static func header(of definition: TableDefinition) -> String {
    definition.columns.map { quoted($0.name) }.joined(separator: ",") + "\n"
  }

  /// Writes the table, whole or not at all.
  ///
  /// - Parameter path: The file; its folder exists.
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``
  /// - Complexity: O(size of the file) time; memory for some rows.
  public func write(to path: String) throws {
    try WholeFile.write(to: path) { append in
      try append(Self.header(of: definition))
      for start in stride(from: 0, to: rowCount, by: 1024) {
        try append(lines(ofRows: start..<min(start + 1024, rowCount)))
      }
    }
  }

  /// All rows as lines, without the first one.
  ///
  /// Real numbers are written in the shortest form that reads back as the same value, NaN as
  /// nothing.
  public var lines: String { lines(ofRows: 0..<rowCount) }

  private func lines(ofRows rows: Range<Int>) -> String {
    var bytes: [UInt8] = []
    for row in rows {
      for place in values.indices {
        if place > 0 { bytes.append(UInt8(ascii: ",")) }
        switch values[place].kind {
        case .integer: bytes.append(contentsOf: String(values[place].integers[row]).utf8)
        case .number:
          let number = values[place].numbers[row]
          if !number.isNaN { bytes.append(contentsOf: number.description.utf8) }
        case .text: bytes.append(contentsOf: Self.quoted(values[place].texts[row]).utf8)
        }
      }
      bytes.append(UInt8(ascii: "\n"))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Reads a table that was written before.
  ///
  /// - Parameters:
  ///   - path: A CSV file.
  ///   - definition: What the file should hold.
  ///   - columns: The columns that are wanted, which saves the time for the others; all when left
  ///     out. The others may not be asked for.
  /// - Throws: ``FindingsError`` for a file that cannot be read, other columns, or a line that does
  ///   not fit.
  /// - Complexity: O(size of the file)
  public init(
    readingFrom path: String, as definition: TableDefinition, columns: [any TypedColumn]? = nil
  ) throws {
    let data = try WholeFile.contents(of: path)
    self.init(definition)
    // Safe: the records are read within the closure, and the file's bytes stay for as long.
    try unsafe data.withUnsafeBytes { bytes in
      var records = unsafe CSVRecords(bytes: bytes, path: path)
      try readRows(from: &records, columns: columns)
    }
  }

  private mutating func readRows(
    from records: inout CSVRecords, columns: [any TypedColumn]?
  ) throws {
    let expected = definition.columns.map(\.name)
    let path = records.path
    let actual = try records.next() ? records.fields.map { records.text($0) } : []
    guard actual == expected else {
      throw FindingsError.wrongColumns(
        path: path, expected: expected.joined(separator: ","),
        actual: actual.joined(separator: ","))
    }
    let wanted =
      columns.map { Set($0.map { definition.index(of: $0.erased.name) }).sorted() }
      ?? Array(definition.columns.indices)
    var previous = [PreviousCell?](repeating: nil, count: expected.count)
    while try records.next() {
      let fields = records.fields
      guard fields.count == expected.count else {
        throw FindingsError.badLine(
          path: path, line: records.line,
          reason:
            "has \(fields.count) \(fields.count == 1 ? "field" : "fields") instead of \(expected.count)"
        )
      }
      for place in wanted {
        // Layers, names and floors mostly repeat what stands above them.
        let cell: Cell
        if let last = previous[place], records.areEqual(last.field, fields[place]) {
          cell = last.cell
        } else {
          cell = try readCell(fields[place], of: definition.columns[place], in: records)
        }
        previous[place] = PreviousCell(field: fields[place], cell: cell)
        values[place].append(cell)
      }
      rowCount += 1
    }
  }

  private struct PreviousCell {
    let field: CSVRecords.Field
    let cell: Cell
  }

  private func readCell(
    _ field: CSVRecords.Field, of column: TableColumn, in records: CSVRecords
  ) throws -> Cell {
    func fail(_ reason: String) -> FindingsError {
      FindingsError.badLine(
        path: records.path, line: records.line,
        reason: "has '\(records.text(field))' in column '\(column.name)', which is not \(reason)")
    }
    switch column.kind {
    case .text:
      let text = records.text(field)
      if let words = column.words, !words.contains(text) {
        throw fail("one of \(words.filter { !$0.isEmpty }.joined(separator: ", "))")
      }
      return .text(text)
    case .integer:
      guard let value = records.integer(field) else { throw fail("a whole number") }
      return .integer(value)
    case .number:
      guard let value = records.number(field) else { throw fail("a number") }
      if let bounds = column.bounds, !value.isNaN, !bounds.contains(value) {
        throw fail("between \(bounds.lowerBound) and \(bounds.upperBound)")
      }
      return .number(value)
    }
  }

  /// The layer and projection of a row that belongs to another unit; nil where all are of this one.
  func rowOfAnotherUnit(than unit: RunUnit) -> String? {
    if definition.contains(Columns.layer),
      let other = self[Columns.layer].first(where: { $0 != unit.layer })
    {
      return "layer \(other)"
    }
    if let projection = unit.projection, definition.contains(Columns.projection),
      let other = texts(of: Columns.projection).first(where: { $0 != projection.word })
    {
      return "the projection \(other)"
    }
    return nil
  }

  private static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { $0 != 0x22 && $0 != 0x2c && $0 != 0x0a && $0 != 0x0d }
    if isPlain { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
