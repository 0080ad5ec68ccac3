import Findings
import SpectralReports

/// What `sdmoe compare --json` tells, for scripts.
struct ComparisonFindings: Encodable {
  struct Run: Encodable {
    var name: String
    var path: String
  }

  /// A number or a word of a table; null for a number that is none.
  struct Cell: Encodable {
    let cell: Table.Cell

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch cell {
      case .integer(let value): try container.encode(value)
      case .number(let value): try container.encode(value.orNull)
      case .text(let text): try container.encode(text)
      }
    }
  }

  var runs: [Run]
  var remarks: [String]
  /// The sentences of the summary and of the page.
  var findings: [String]
  /// The rows of the table behind them: layer_changes of two runs, run_means of more.
  var numbers: [[String: Cell]]
  var page: String
  var tables: String

  init(
    _ report: ComparisonReport, names: [String], runs paths: [String], remarks: [String],
    output: String
  ) {
    runs = zip(names, paths).map { Run(name: $0, path: $1) }
    self.remarks = remarks
    findings = report.sentences
    let table = report.numbers
    let columns = table.definition.columns.map(\.name)
    numbers = (0..<table.rowCount).map { row in
      Dictionary(uniqueKeysWithValues: zip(columns, table.cells(ofRow: row).map { Cell(cell: $0) }))
    }
    page = "\(output)/index.html"
    tables = "\(output)/tables"
  }
}
