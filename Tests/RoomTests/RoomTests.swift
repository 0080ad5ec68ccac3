import Foundation
import Testing

/// Holds the table of rooms against the folders and the `import` lines under `Sources`.
@Suite struct RoomTests {
  /// What is wrong with sources, in words; `files` are texts by their path under `Sources`.
  static func faults(
    ofRooms rooms: Set<String>, files: [String: String],
    table: [String: Set<String>] = RoomTable.mayImport
  ) -> [String] {
    let listed = Set(table.keys).union(RoomTable.doors)
    var faults = rooms.subtracting(listed).map { "the room \($0) is not in the table" }
    faults += listed.subtracting(rooms).map {
      "the table's room \($0) is not under Sources"
    }
    for (path, source) in files {
      let room = String(path.prefix { $0 != "/" })
      if RoomTable.doors.contains(room) { faults.append("\(path) is Swift in a door to C") }
      let allowed = (table[room] ?? []).union(RoomTable.everywhere)
      faults += Set(ImportScanner.modules(importedBy: source)).subtracting(allowed)
        .map { "\(path) imports \($0)" }
    }
    return faults.sorted()
  }

  /// The rooms under `Sources` and the texts of their Swift files.
  static func sources() throws -> (rooms: Set<String>, files: [String: String]) {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources").path
    let manager = FileManager.default
    var files: [String: String] = [:]
    for name in try manager.subpathsOfDirectory(atPath: folder) where name.hasSuffix(".swift") {
      files[name] = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }
    let rooms = try manager.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
    return (Set(rooms), files)
  }

  @Test("no room imports what the table does not allow")
  func rooms() throws {
    let (rooms, files) = try Self.sources()
    #expect(files.count > 50)
    #expect(files.values.contains { $0.contains("\npublic import ") })
    #expect(Self.faults(ofRooms: rooms, files: files) == [])
  }

  // MARK: The check itself

  static let rooms = Set(RoomTable.mayImport.keys).union(RoomTable.doors)

  @Test("the check finds an import against the table, in whatever form")
  func forbiddenImport() {
    let files = [
      "Tensors/Fine.swift": "import Foundation\n#if canImport(Glibc)\n  import Glibc\n#endif",
      "Tensors/Hidden.swift": "#if DEBUG\n  @_exported public import struct Findings.Table\n#endif",
      "Findings/Inside/Deep.swift": "import Foundation; import Tensors // why not",
      "SpectralAnalysis/Fine.swift": "public import Checkpoints\ninternal import Findings",
    ]
    #expect(
      Self.faults(ofRooms: Self.rooms, files: files) == [
        "Findings/Inside/Deep.swift imports Tensors", "Tensors/Hidden.swift imports Findings",
      ])
  }

  @Test("the check finds a room that is not in the table")
  func unknownRoom() {
    #expect(
      Self.faults(ofRooms: Self.rooms.union(["Utils"]), files: [:])
        == ["the room Utils is not in the table"])
  }

  @Test("the check finds a row of the table without a room")
  func rowWithoutRoom() {
    #expect(
      Self.faults(ofRooms: Self.rooms.subtracting(["Findings", "CHDF5"]), files: [:]) == [
        "the table's room CHDF5 is not under Sources",
        "the table's room Findings is not under Sources",
      ])
  }

  @Test("the check finds Swift in a door to C")
  func swiftInADoor() {
    #expect(
      Self.faults(ofRooms: Self.rooms, files: ["CHDF5/Wrap.swift": "import Foundation"])
        == ["CHDF5/Wrap.swift is Swift in a door to C"])
  }
}
