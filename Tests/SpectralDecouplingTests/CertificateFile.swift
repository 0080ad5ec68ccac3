import Files
import Foundation

/// The certificate of an output and its table, read as any other program would.
struct CertificateFile {
  let folder: String

  private var path: String { "\(folder)/sdmoe/certificate.json" }
  private var tablePath: String { "\(folder)/sdmoe/certificate.csv" }

  func text() throws -> String {
    try String(decoding: Data(contentsOf: URL(filePath: path)), as: UTF8.self)
  }
  func table() throws -> String {
    try String(decoding: Data(contentsOf: URL(filePath: tablePath)), as: UTF8.self)
  }

  /// The members of the JSON object.
  func members() throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(text().utf8))
    return object as? [String: Any] ?? [:]
  }

  /// The units of the JSON object.
  func units() throws -> [[String: Any]] { try members()["units"] as? [[String: Any]] ?? [] }

  /// The rows of the table, each by the names of the columns.
  func rows() throws -> [[String: String]] {
    let lines = try table().split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    guard let header = lines.first else { return [] }
    return lines.dropFirst().map { line in
      Dictionary(uniqueKeysWithValues: zip(header, line))
    }
  }

  /// A number of a tensor's row.
  func number(_ column: String, of tensor: String) throws -> Double {
    let row = try rows().first { $0["tensor"] == tensor }
    return row.flatMap { $0[column] }.flatMap { Double($0) } ?? .nan
  }

  /// Changes a cell of the table, and seals the certificate again, as a forger would.
  func forge(_ column: String, of tensor: String, as value: String) throws {
    var lines = try table().components(separatedBy: "\n")
    guard let header = lines.first(where: { !$0.hasPrefix("#") }),
      let place = header.components(separatedBy: ",").firstIndex(of: column),
      let row = lines.firstIndex(where: { $0.contains(",\(tensor),") })
    else { return }
    var cells = lines[row].components(separatedBy: ",")
    cells[place] = value
    lines[row] = cells.joined(separator: ",")
    let table = lines.joined(separator: "\n")
    let before = sha256(of: Array(try self.table().utf8))
    try Data(table.utf8).write(to: URL(filePath: tablePath))
    try reseal(text().replacingOccurrences(of: before, with: sha256(of: Array(table.utf8))))
  }

  /// Changes the text of the certificate, and seals it again.
  func forge(_ change: (String) -> String) throws { try reseal(change(text())) }

  private func reseal(_ text: String) throws {
    guard let seal = try members()["sha256"] as? String else { return }
    let open = text.replacingOccurrences(of: seal, with: "")
    let sealed = text.replacingOccurrences(of: seal, with: sha256(of: Array(open.utf8)))
    try Data(sealed.utf8).write(to: URL(filePath: path))
  }
}
