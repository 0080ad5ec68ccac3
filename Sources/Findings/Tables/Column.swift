/// A column of a table whose values have a type: what the table is asked by, and rows are made of.
///
/// ```swift
/// table.append(Spectrum.layer(3), Spectrum.projection(.gate), ...)
/// table[Spectrum.sigma]  // [Double]
/// ```
public struct Column<Value: ColumnValue>: TypedColumn {
  /// The column, whatever the type of its values.
  public let erased: TableColumn

  /// The name in the first line of the CSV file.
  @inlinable public var name: String { erased.name }

  /// Describes a column whose values may be any of their type.
  public init(_ name: String, _ meaning: String) {
    erased = TableColumn(name, Value.kind, meaning, words: Value.words)
  }
}

/// A column of a table, whatever the type of its values.
public protocol TypedColumn: Sendable {
  /// Its name, what kind of values it holds, and what they mean.
  var erased: TableColumn { get }
}

extension TableColumn: TypedColumn {
  /// The column itself.
  public var erased: TableColumn { self }
}

extension Column<Int> {
  /// Makes the cell of a row under this column.
  @inlinable public func callAsFunction(_ value: Int) -> Table.NamedCell {
    Table.NamedCell(column: name, cell: .integer(value))
  }
}

extension Column<Double> {
  /// Describes a column of numbers that lie between bounds, with room for rounding.
  init(_ name: String, _ meaning: String, in bounds: ClosedRange<Double>) {
    erased = TableColumn(name, .number, meaning, bounds: bounds)
  }

  /// Describes a column of numbers from 0 to 1.
  static func share(_ name: String, _ meaning: String) -> Column {
    Column(name, meaning, in: 0...1.000_001)
  }

  /// Makes the cell of a row under this column; NaN where nothing was measured.
  @inlinable public func callAsFunction(_ value: Double) -> Table.NamedCell {
    Table.NamedCell(column: name, cell: .number(value))
  }
}

extension Column where Value: ColumnWord {
  /// Makes the cell of a row under this column.
  @inlinable public func callAsFunction(_ value: Value) -> Table.NamedCell {
    Table.NamedCell(column: name, cell: .text(value.word))
  }
}
