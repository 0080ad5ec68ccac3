import Foundation

/// Tables as comma-separated values (RFC 4180, lines end in LF).
extension Table {
  /// The first line: the names of the columns.
  public static func header(of definition: TableDefinition) -> String {
    definition.columns.map { quoted($0.name) }.joined(separator: ",") + "\n"
  }

  /// All rows as lines, without the first one.
  ///
  /// Real numbers are written in the shortest form that reads back as the same value, NaN as
  /// nothing.
  public var lines: String {
    var text = ""
    for row in 0..<rowCount {
      for place in values.indices {
        if place > 0 { text += "," }
        let column = values[place]
        switch column.kind {
        case .integer: text += String(column.integers[row])
        case .number: text += column.numbers[row].isNaN ? "" : column.numbers[row].description
        case .text: text += Self.quoted(column.texts[row])
        }
      }
      text += "\n"
    }
    return text
  }

  /// Reads a table that was written before.
  ///
  /// - Parameters:
  ///   - path: A CSV file.
  ///   - definition: What the file should hold.
  /// - Throws: ``FindingsError`` for a file that cannot be read, other columns, or a line that does
  ///   not fit.
  /// - Complexity: O(size of the file)
  public init(readingFrom path: String, as definition: TableDefinition) throws {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw FindingsError.fileSystem(
        path: path, doing: "read", reason: "it is missing or not readable")
    }
    var records = CSVRecords(bytes: [UInt8](data))
    self.init(definition)
    let expected = definition.columns.map(\.name)
    let actual = try records.next(path: path) ?? []
    guard actual == expected else {
      throw FindingsError.wrongColumns(
        path: path, expected: expected.joined(separator: ","),
        actual: actual.joined(separator: ","))
    }
    while let fields = try records.next(path: path) {
      guard fields.count == expected.count else {
        throw FindingsError.badLine(
          path: path, line: records.line,
          reason:
            "has \(fields.count) \(fields.count == 1 ? "field" : "fields") instead of \(expected.count)"
        )
      }
      append(
        contentsOf: try zip(definition.columns, fields).map { column, field in
          guard let cell = Cell(field, as: column.kind) else {
            throw FindingsError.badLine(
              path: path, line: records.line,
              reason:
                "has '\(field)' in column '\(column.name)', which is not a \(column.kind == .integer ? "whole number" : "number")"
            )
          }
          return cell
        })
    }
  }

  private static func quoted(_ text: String) -> String {
    guard text.utf8.contains(where: { [0x22, 0x2c, 0x0a, 0x0d].contains($0) }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}

extension Table.Cell {
  fileprivate init?(_ field: String, as kind: TableColumn.Kind) {
    switch kind {
    case .text: self = .text(field)
    case .integer:
      guard let value = Int(field) else { return nil }
      self = .integer(value)
    case .number:
      if field.isEmpty {
        self = .number(.nan)
      } else {
        guard let value = Double(field), !value.isNaN else { return nil }
        self = .number(value)
      }
    }
  }
}

/// The records of a CSV file, one after the other.
private struct CSVRecords {
  private let bytes: [UInt8]
  private var place = 0
  private var nextLine = 1
  /// The line in which the record read last begins, counted from 1.
  private(set) var line = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The fields of the next record, or nil at the end.
  mutating func next(path: String) throws -> [String]? {
    guard place < bytes.count else { return nil }
    line = nextLine
    var fields: [String] = []
    var field = Field()
    while place < bytes.count {
      let byte = bytes[place]
      place += 1
      if byte == UInt8(ascii: "\n") { nextLine += 1 }
      switch (byte, field.state) {
      case (UInt8(ascii: "\""), .quoted):
        if place < bytes.count, bytes[place] == byte {
          field.bytes.append(byte)
          place += 1
        } else {
          field.state = .closed
        }
      case (_, .quoted): field.bytes.append(byte)
      case (UInt8(ascii: "\""), .bare) where field.bytes.isEmpty: field.state = .quoted
      case (UInt8(ascii: ","), _):
        fields.append(field.text)
        field = Field()
      case (UInt8(ascii: "\n"), _):
        fields.append(field.text)
        return fields
      case (UInt8(ascii: "\r"), _) where place < bytes.count && bytes[place] == UInt8(ascii: "\n"):
        continue
      case (UInt8(ascii: "\""), _), (_, .closed):
        throw FindingsError.badLine(path: path, line: line, reason: "has a stray quote")
      default: field.bytes.append(byte)
      }
    }
    throw FindingsError.badLine(
      path: path, line: line,
      reason: field.state == .quoted ? "opens a quote that never ends" : "is cut short")
  }

  private struct Field {
    enum State {
      case bare
      case quoted
      /// Behind the closing quote.
      case closed
    }

    var bytes: [UInt8] = []
    var state = State.bare

    var text: String { String(decoding: bytes, as: UTF8.self) }
  }
}
