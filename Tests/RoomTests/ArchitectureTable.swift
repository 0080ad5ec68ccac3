/// The table of rooms as ARCHITECTURE.md shows it to readers.
enum ArchitectureTable {
  /// What of a page's table of rooms does not agree with the table that tests hold, in words.
  ///
  /// - Parameters:
  ///   - page: Markdown that holds a table with the columns `room`, `for` and `may import`.
  ///   - table: Every Swift room, and the modules that it may import.
  ///   - doors: The rooms without Swift, which import nothing.
  /// - Returns: One sentence for each difference, sorted.
  static func faults(
    of page: String, table: [String: Set<String>] = RoomTable.mayImport,
    doors: Set<String> = RoomTable.doors
  ) -> [String] {
    let told = rows(of: page)
    let held = table.merging(doors.map { ($0, []) }) { table, _ in table }
    var faults = Dictionary(grouping: told, by: \.room).filter { $0.value.count > 1 }.keys
      .map { "the page tells the room \($0) twice" }
    faults += Set(held.keys).subtracting(told.map(\.room)).map { "the page lacks the room \($0)" }
    for (room, imports) in told {
      guard let allowed = held[room] else {
        faults.append("the page's room \(room) is not in the table")
        continue
      }
      faults += allowed.subtracting(imports).map { "the page lacks that \(room) imports \($0)" }
      faults += imports.subtracting(allowed).map { "the page alone lets \(room) import \($0)" }
    }
    return faults.sorted()
  }

  /// The rooms of the page's table; several that share a row have the same imports.
  private static func rows(of page: String) -> [(room: String, imports: Set<String>)] {
    let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
    guard let header = lines.firstIndex(of: "| room | for | may import |") else { return [] }
    return lines[(header + 1)...].dropFirst().prefix { $0.hasPrefix("|") }.flatMap { line in
      let cells = line.split(separator: "|").map { String($0) }
      return names(in: cells.first ?? "").map { ($0, Set(names(in: cells.last ?? ""))) }
    }
  }

  /// The words of a cell that are names of modules.
  private static func names(in cell: String) -> [String] {
    cell.split { !($0.isLetter || $0.isNumber) }.map { String($0) }
  }
}
