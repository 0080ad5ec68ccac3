import Foundation
import Testing

/// Holds the table in ARCHITECTURE.md against the one that `RoomTests` holds against the sources.
@Suite struct ArchitectureTableTests {
  @Test("ARCHITECTURE.md shows the rooms and the imports that are allowed")
  func page() throws {
    let page = try String(
      contentsOf: Pages.root.appending(path: "ARCHITECTURE.md"), encoding: .utf8)
    #expect(ArchitectureTable.faults(of: page) == [])
  }

  // MARK: The check itself

  static let table: [String: Set<String>] = ["Files": [], "Tensors": ["Files", "CPNG"]]

  static let pages: [(rows: [String], faults: [String])] = [
    (["| `CPNG` | x | - |", "| `Files` | x, y | - |", "| `Tensors` | x | CPNG, Files |"], []),
    (["| `CPNG` `Files` | x | - |", "| `Tensors` | x | `Files` `CPNG` |"], []),
    (["| `CPNG` | x | - |", "| `Tensors` | x | CPNG, Files |"], ["the page lacks the room Files"]),
    (["| `Files` | x | - |", "| `Tensors` | x | CPNG, Files |"], ["the page lacks the room CPNG"]),
    (
      ["| `CPNG` `Files` `Utils` | x | - |", "| `Tensors` | x | CPNG, Files |"],
      ["the page's room Utils is not in the table"]
    ),
    (
      ["| `CPNG` `Files` | x | - |", "| `Tensors` | x | Files |"],
      ["the page lacks that Tensors imports CPNG"]
    ),
    (
      ["| `CPNG` | x | Files |", "| `Files` | x | - |", "| `Tensors` | x | CPNG, Files |"],
      ["the page alone lets CPNG import Files"]
    ),
    (
      ["| `CPNG` `Files` `Files` | x | - |", "| `Tensors` | x | CPNG, Files |"],
      ["the page tells the room Files twice"]
    ),
    (
      [],
      [
        "the page lacks the room CPNG", "the page lacks the room Files",
        "the page lacks the room Tensors",
      ]
    ),
  ]

  @Test("finds what is different on either side", arguments: pages)
  func faults(rows: [String], faults: [String]) {
    let page =
      (["# Rooms", "", "| room | for | may import |", "| --- | --- | --- |"] + rows
      + ["", "| `Elsewhere` | another table | Files |"]).joined(separator: "\n")
    #expect(ArchitectureTable.faults(of: page, table: Self.table, doors: ["CPNG"]) == faults)
  }
}
