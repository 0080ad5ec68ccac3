import Findings
import Foundation
import TestSupport
import Testing

/// Checks that a table reads back as it was written, and that damage is told in words.
@Suite struct TableCSVTests {
  private func reread(_ text: String, as definition: TableDefinition = Mixed.table) throws -> Table
  {
    let folder = try TemporaryFolder()
    return try Table(readingFrom: try folder.write(text, as: "t.csv"), as: definition)
  }

  // MARK: Round trips

  @Test("numbers read back as the same bits")
  func numbers() throws {
    let values = [
      0.1, 1.0 / 3, 1e-300, -1e-300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0, -0.0, 1,
      123_456_789,
      0.1 + 0.2, .pi, .infinity, -.infinity,
    ]
    let table = mixedTable(values.enumerated().map { ($0.offset, $0.element, "") })
    let again = try reread(Table.header(of: Mixed.table) + table.lines)
    #expect(again[Mixed.value].map(\.bitPattern) == values.map(\.bitPattern))
    #expect(again[Mixed.count] == Array(values.indices))
  }

  @Test("numbers are written in their shortest form, NaN as nothing")
  func shortestForm() {
    let table = mixedTable([
      (1, 0.1, "a"), (-2, 1e-300, "b"), (3, .infinity, "c"), (4, .nan, "d"), (5, 2, "e"),
    ])
    #expect(table.lines == "1,0.1,a\n-2,1e-300,b\n3,inf,c\n4,,d\n5,2.0,e\n")
    #expect(Table.header(of: Mixed.table) == "count,value,word\n")
  }

  @Test("NaN reads back as NaN")
  func notANumber() throws {
    let again = try reread(Table.header(of: Mixed.table) + mixedTable([(1, .nan, "")]).lines)
    #expect(again[Mixed.value].count == 1)
    #expect(again[Mixed.value].allSatisfy { $0.isNaN })
  }

  static let texts = [
    "", "plain", "two words", " space ", "a,b", "\"", "\"\"", "say \"no\"", "line\nline", "\n",
    "a\r\nb", "ends in CR\r", "\r", "\r\n", ",", "\",\"", "ümlaut √", "a\"b",
  ]

  @Test("a text reads back as it was", arguments: texts)
  func text(_ text: String) throws {
    let word = Column<String>("word", "a text")
    let words = TableDefinition(name: "words", columns: [word])
    var single = Table(words)
    single.append(word(text))
    single.append(word("next"))
    #expect(
      try reread(Table.header(of: words) + single.lines, as: words)[word] == [text, "next"])
    let table = mixedTable([(1, 2, text), (3, 4, "next")])
    let again = try reread(Table.header(of: Mixed.table) + table.lines)
    #expect(again[Mixed.word] == [text, "next"])
    #expect(again[Mixed.count] == [1, 3])
  }

  @Test("lines that end in CR LF are read")
  func carriageReturns() throws {
    let table = try reread("count,value,word\r\n1,0.5,a\r\n2,,\"b\r\nc\"\r\n")
    #expect(table[Mixed.count] == [1, 2])
    #expect(table[Mixed.word] == ["a", "b\r\nc"])
  }

  @Test("a table without rows is read")
  func noRows() throws {
    #expect(try reread("count,value,word\n").rowCount == 0)
  }

  @Test("columns that are not wanted are not looked at")
  func selectedColumns() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("count,value,word\n1,x,a\ny,2,b\n", as: "t.csv")
    let table = try Table(readingFrom: path, as: Mixed.table, columns: [Mixed.word])
    #expect(table[Mixed.word] == ["a", "b"])
    #expect(table.rowCount == 2)
  }

  // MARK: Damage

  @Test(
    "a word that the column's type does not know is refused",
    arguments: [
      ("up,0,", "'up' in column 'projection', which is not one of gate_proj, up_proj, down_proj"),
      (",0,", "'' in column 'projection', which is not one of gate_proj, up_proj, down_proj"),
      ("up_proj,0,left", "'left' in column 'side', which is not one of hidden, neuron"),
    ])
  func unknownWord(line: String, message: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("projection,expert,side\nup_proj,1,\n\(line)\n", as: "t.csv")
    #expect(throws: FindingsError.badLine(path: path, line: 3, reason: "has \(message)")) {
      try Table(readingFrom: path, as: Words.table)
    }
  }

  static let advice =
    "the table was edited, damaged or made by another version: remove the folder that it lies in, and run sdmoe analyze again as before"

  static let damage: [(text: String, message: String)] = [
    ("", "the first line is '', expected 'count,value,word'; \(advice)"),
    (
      "count,word,value\n1,a,2\n",
      "the first line is 'count,word,value', expected 'count,value,word'; \(advice)"
    ),
    (
      "count,value\n",
      "the first line is 'count,value', expected 'count,value,word'; \(advice)"
    ),
    ("count,value,word\n1,2\n", "line 2 has 2 fields instead of 3; \(advice)"),
    ("count,value,word\n1,2,a\n\n", "line 3 has 1 field instead of 3; \(advice)"),
    ("count,value,word\n1,2,a,b\n", "line 2 has 4 fields instead of 3; \(advice)"),
    (
      "count,value,word\n1,2,a\nx,2,b\n",
      "line 3 has 'x' in column 'count', which is not a whole number; \(advice)"
    ),
    (
      "count,value,word\n1.5,2,a\n",
      "line 2 has '1.5' in column 'count', which is not a whole number; \(advice)"
    ),
    (
      "count,value,word\n1,two,a\n",
      "line 2 has 'two' in column 'value', which is not a number; \(advice)"
    ),
    (
      "count,value,word\n1,nan,a\n",
      "line 2 has 'nan' in column 'value', which is not a number; \(advice)"
    ),
    ("count,value,word\n1,2,\"a\n", "line 2 opens a quote that never ends; \(advice)"),
    ("count,value,word\n1,2,\"a\"b\n", "line 2 has a stray quote; \(advice)"),
    ("count,value,word\n1,2,a\"b\n", "line 2 has a stray quote; \(advice)"),
    ("count,value,word\n1,2,a\n2,0.12", "line 3 is cut short; \(advice)"),
    ("count,value,word\n1,2,\"a\nb\nc\"\n1,2\n", "line 5 has 2 fields instead of 3; \(advice)"),
  ]

  @Test("a damaged table is refused, with the file and the line", arguments: damage)
  func damaged(text: String, message: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(text, as: "mixed.csv")
    let error = #expect(throws: FindingsError.self) {
      try Table(readingFrom: path, as: Mixed.table)
    }
    #expect(error?.description == "\(path): \(message)")
  }

  @Test("a table that is missing is told so")
  func missing() throws {
    let path = try TemporaryFolder().path("none.csv")
    let error = #expect(throws: FindingsError.self) {
      try Table(readingFrom: path, as: Mixed.table)
    }
    #expect(
      error
        == .fileSystem(path: path, doing: "read", reason: "it is missing or not readable"))
  }
}
