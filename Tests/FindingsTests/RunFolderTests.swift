import Experts
import Findings
import Foundation
import TestSupport
import Testing

/// Checks which folders take a run, and what is in them at every stage.
@Suite struct RunFolderTests {
  private let temporary: TemporaryFolder
  private var path: String { temporary.path("deep/run") }
  private let manifest = testManifest()

  init() throws {
    temporary = try TemporaryFolder()
  }

  private func refusal(_ manifest: RunManifest? = nil, at path: String? = nil) -> String? {
    let manifest = manifest ?? self.manifest
    let path = path ?? self.path
    let checked = #expect(throws: FindingsError.self) {
      try RunFolder.check(path: path, for: manifest)
    }
    let opened = #expect(throws: FindingsError.self) { try RunFolder(path: path, for: manifest) }
    #expect(checked == opened)
    return opened?.description
  }

  private var names: [String] {
    get throws { try FileManager.default.subpathsOfDirectory(atPath: path).sorted() }
  }

  // MARK: Opening

  @Test("a new folder is made with all that lead to it, and holds the manifest")
  func newFolder() throws {
    try RunFolder.check(path: path, for: manifest)
    #expect(!FileManager.default.fileExists(atPath: path))
    let folder = try RunFolder(path: path, for: manifest)
    #expect(try names == ["figures", "manifest.json", "tables", "units"])
    #expect(folder.manifest == manifest)
    #expect(folder.path == path)
  }

  @Test("an empty folder is taken, and slashes at the end of its name are dropped")
  func emptyFolder() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let folder = try RunFolder(path: "\(path)//", for: manifest)
    #expect(folder.path == path)
    #expect(try names.contains("manifest.json"))
  }

  @Test("the manifest is the golden one, without date and path")
  func manifestGolden() throws {
    var folder = try RunFolder(path: path, for: manifest)
    try folder.write([energyTable(manifest.units[1])], of: manifest.units[1])
    try folder.updateManifest()
    let text = try String(contentsOfFile: "\(path)/manifest.json", encoding: .utf8)
    try expectGolden(text, matches: "cli/manifest.json")
  }

  @Test(
    "a folder with anything else in it is refused and left alone",
    arguments: ["a.txt", ".hidden", "units/x"])
  func foreignContent(name: String) throws {
    try temporary.write("mine", as: "deep/run/\(name)")
    #expect(
      refusal()
        == "\(path): holds files but no manifest.json of sdmoe, so nothing is written there; choose an empty or a new folder"
    )
    #expect(try filesByPath(under: path) == [name: Data("mine".utf8)])
  }

  @Test("a file in the place of the folder is refused and kept")
  func fileAsPath() throws {
    let file = try temporary.write("mine", as: "file")
    #expect(
      refusal(at: file)
        == "\(file): is a file, not a folder for a run; choose an empty or a new folder")
    #expect(try Data(contentsOf: URL(filePath: file)) == Data("mine".utf8))
  }

  @Test("a file on the way to the folder is told with the system's reason")
  func fileOnTheWay() throws {
    let file = try temporary.write("mine", as: "file")
    let inside = "\(file)/run"
    let error = #expect(throws: FindingsError.self) { try RunFolder(path: inside, for: manifest) }
    #expect(
      error == .fileSystem(path: inside, doing: "make this folder", reason: "Not a directory"))
  }

  @Test("the folder of another run is refused and left alone")
  func anotherRun() throws {
    var other = manifest
    other.options.fraction = 0.05
    _ = try RunFolder(path: path, for: other)
    let before = try filesByPath(under: path)
    #expect(
      refusal()
        == "\(path): holds another run (with --fraction 0.05); choose another folder, or remove this one first"
    )
    #expect(try filesByPath(under: path) == before)
  }

  @Test(
    "a manifest that cannot be read is refused and left alone",
    arguments: ["", "{", "[]", "{\"version\": 3}"])
  func corruptManifest(text: String) throws {
    try temporary.write(text, as: "deep/run/manifest.json")
    #expect(
      refusal()
        == "\(path): holds another run (its manifest.json is damaged, or of another version); choose another folder, or remove this one first"
    )
    #expect(try filesByPath(under: path) == ["manifest.json": Data(text.utf8)])
  }

  // MARK: Resuming

  @Test("a unit is finished from when it is written, also for the same command run again")
  func resume() throws {
    let before: RunManifest
    do {
      var folder = try RunFolder(path: path, for: manifest)
      let unit = manifest.units[2]
      #expect(!folder.isFinished(unit))
      try folder.write([energyTable(unit)], of: unit)
      #expect(folder.isFinished(unit))
      #expect(folder.manifest.units.map(\.state) == [.open, .open, .open, .open])
      try folder.updateManifest()
      #expect(folder.manifest.units.map(\.state) == [.open, .open, .finished, .open])
      before = folder.manifest
    }
    let again = try RunFolder(path: path, for: manifest)
    #expect(again.manifest == before)
    #expect(manifest.units.map(again.isFinished) == [false, false, true, false])
  }

  @Test("a unit that lost a table, or a part of one, is open again")
  func lostTable() throws {
    let folder = try RunFolder(path: path, for: manifest)
    let unit = manifest.units[0]
    let file = "\(path)/units/\(unit.key.folderName)/spectrum.csv"
    try folder.write([energyTable(unit), Table(.spectrum)], of: unit)
    #expect(folder.isFinished(unit))
    let whole = try Data(contentsOf: URL(filePath: file))
    try whole.dropLast().write(to: URL(filePath: file))
    #expect(!folder.isFinished(unit))
    try whole.write(to: URL(filePath: file))
    #expect(folder.isFinished(unit))
    try FileManager.default.removeItem(atPath: file)
    #expect(!folder.isFinished(unit))
  }

  @Test("a unit that left experts out stays open, and is replaced whole")
  func leftOut() throws {
    var folder = try RunFolder(path: path, for: manifest)
    let unit = manifest.units[0]
    var leftOut = Table(.leftOut)
    leftOut.append(
      LeftOutParts.layer(0), LeftOutParts.projection(.gate), LeftOutParts.expert("3"),
      LeftOutParts.reason("holds NaN, \"here\""))
    try folder.write([energyTable(unit), Table(.spectrum), leftOut], of: unit)
    try folder.updateManifest()
    #expect(!folder.isFinished(unit))
    #expect(folder.manifest.units[0].state == .open)
    #expect(try folder.table(.leftOut, of: unit)?[LeftOutParts.reason] == ["holds NaN, \"here\""])
    try folder.gatherTables([.energy, .leftOut])
    #expect(try folder.table(.leftOut)?.rowCount == 1)

    try folder.write([energyTable(unit, energy: 0.25)], of: unit)
    #expect(folder.isFinished(unit))
    #expect(try folder.table(.leftOut, of: unit) == nil)
    #expect(try folder.table(.spectrum, of: unit) == nil)
    #expect(try folder.table(.energy, of: unit)?[Energy.energyTop] == [0.25])
    try folder.gatherTables([.energy, .leftOut])
    #expect(try folder.table(.leftOut) == nil)
    #expect(!(try names.contains("tables/left_out.csv")))
  }

  @Test("several processes work in a folder; what a killed one left is removed by one alone")
  func leftovers() throws {
    let leftovers = [
      "manifest.json.77.tmp", "units/layer-000-gate_proj.77.tmp/energy.csv",
      "units/layer-012-gate_proj.work/energy.csv", "figures/a.svg.77.tmp",
      "tables/energy.csv.k3j.tmp",
    ]
    do {
      let working = try RunFolder(path: path, for: manifest)
      for name in leftovers { try temporary.write("half", as: "deep/run/\(name)") }
      let beside = try RunFolder(path: path, for: manifest)
      for name in leftovers { #expect(try names.contains(name), "removed under a working process") }
      withExtendedLifetime((working, beside)) {}
    }
    _ = try RunFolder(path: path, for: manifest)
    #expect(try names == ["figures", "manifest.json", "tables", "units"])
  }

  @Test("a process that was killed while it wrote its first manifest is no obstacle")
  func killedAtTheStart() throws {
    try temporary.write("{", as: "deep/run/manifest.json.77.tmp")
    try RunFolder.check(path: path, for: manifest)
    _ = try RunFolder(path: path, for: manifest)
    #expect(try names == ["figures", "manifest.json", "tables", "units"])
  }

  // MARK: Finished runs

  /// Writes all units, and says how the run is refused when it is opened again.
  private func refusalOfFinished(after change: () throws -> Void) throws -> String? {
    do {
      let folder = try RunFolder(path: path, for: manifest)
      for unit in manifest.units { try folder.write([energyTable(unit)], of: unit) }
    }
    _ = try RunFolder(finishedAt: path, forWriting: true)
    try change()
    return #expect(throws: FindingsError.self) {
      try RunFolder(finishedAt: path, forWriting: false)
    }?.description
  }

  @Test("a finished run whose units were edited is refused, with the files and the way out")
  func editedUnits() throws {
    let refusal = try refusalOfFinished {
      let name = "deep/run/units/layer-000-gate_proj/energy.csv"
      let text = try String(contentsOfFile: temporary.path(name), encoding: .utf8)
      try temporary.write(text.replacing("0.5", with: "0.7"), as: name)
      try temporary.write("mine", as: "deep/run/units/layer-012-down_proj/summary.csv")
      try temporary.write("a browser's", as: "deep/run/units/layer-012-gate_proj/.DS_Store")
    }
    #expect(
      refusal?.hasPrefix(
        "\(path): 2 files of the run's units are not as sdmoe wrote them: units/layer-000-gate_proj/energy.csv, units/layer-012-down_proj/summary.csv; edited or damaged units are measured again by: sdmoe analyze <checkpoint> -o \(path) "
      ) == true, "\(refusal ?? "")")
  }

  @Test(
    "a finished run whose manifest was edited is refused",
    arguments: [
      ("\"fraction\" : 0.01", "\"fraction\" : 0.02"), ("\"k\" : 2", "\"k\" : 3"),
      ("\"qwen2_moe\"", "\"other_moe\""), ("max(1, ", "max(2, "),
    ])
  func editedManifest(old: String, new: String) throws {
    let refusal = try refusalOfFinished {
      let text = try String(contentsOfFile: "\(path)/manifest.json", encoding: .utf8)
      #expect(text.contains(old))
      try temporary.write(text.replacing(old, with: new), as: "deep/run/manifest.json")
    }
    #expect(
      refusal
        == "\(path): its units were not measured for the manifest.json that lies there, which was edited or is another run's; put the manifest.json back that sdmoe wrote, or run sdmoe analyze into a new folder"
    )
  }

  @Test(
    "words of the manifest that results do not depend on are sealed, so that an edit shows",
    arguments: [
      ("\"name\" : \"tiny\"", "\"name\" : \"large\""), ("a7d7", "a7d8"),
      ("\"captures\" : \"c\"", "\"captures\" : \"d\""),
      ("\"gradients\" : \"d\",", ""), ("\"name\" : \"tiny\",", ""),
      ("\"seal\" : \"", "\"seal\" : \"0"),
    ])
  func editedWords(old: String, new: String) throws {
    var named = RunManifestTests.manifest()
    named.checkpoint.name = "tiny"
    do {
      let folder = try RunFolder(path: path, for: named)
      for unit in named.units { try folder.write([energyTable(unit)], of: unit) }
    }
    let text = try String(contentsOfFile: "\(path)/manifest.json", encoding: .utf8)
    #expect(text.contains(old))
    try temporary.write(text.replacing(old, with: new), as: "deep/run/manifest.json")
    let refusal = #expect(throws: FindingsError.self) {
      try RunFolder(finishedAt: path, forWriting: false)
    }?.description
    #expect(
      refusal?.hasPrefix(
        "\(path): its manifest.json is not as sdmoe wrote it; put that one back, or have it written anew by: sdmoe analyze <checkpoint> -o \(path) --captures <captures>"
      ) == true, "\(refusal ?? "")")
    // The same command writes it anew.
    do {
      var folder = try RunFolder(path: path, for: named)
      try folder.updateManifest()
    }
    #expect(try RunFolder(finishedAt: path, forWriting: false).manifest.checkpoint.name == "tiny")
  }

  @Test("a run of a build that sealed nothing is read")
  func unsealed() throws {
    do {
      let folder = try RunFolder(path: path, for: manifest)
      for unit in manifest.units { try folder.write([energyTable(unit)], of: unit) }
    }
    let lines = try String(contentsOfFile: "\(path)/manifest.json", encoding: .utf8)
      .split(separator: "\n")
    let rest = lines.filter { !$0.contains("\"seal\"") }
    #expect(rest.count == lines.count - 1)
    try temporary.write(rest.joined(separator: "\n"), as: "deep/run/manifest.json")
    _ = try RunFolder(finishedAt: path, forWriting: true)
  }

  @Test(
    "what is a link to elsewhere is not written to, and nothing there is touched",
    arguments: ["tables", "figures", "units", ".sdmoe"], [true, false])
  func linkedFolders(name: String, isThere: Bool) throws {
    do {
      let folder = try RunFolder(path: path, for: manifest)
      for unit in manifest.units { try folder.write([energyTable(unit)], of: unit) }
    }
    let manager = FileManager.default
    let elsewhere = temporary.path("elsewhere")
    if isThere {
      try manager.moveItem(atPath: "\(path)/\(name)", toPath: elsewhere)
      for file in ["energy.csv", "a.tmp", "a.svg"] {
        try temporary.write("mine", as: "elsewhere/\(file)")
      }
    } else {
      try manager.removeItem(atPath: "\(path)/\(name)")
    }
    try manager.createSymbolicLink(
      atPath: "\(path)/\(name)", withDestinationPath: elsewhere)
    let sentence =
      "\(path)/\(name): is a link to \(elsewhere), where nothing is written; put the folder itself in its place, or link the whole run"
    #expect(refusal() == sentence)
    let error = #expect(throws: FindingsError.self) {
      try RunFolder(finishedAt: path, forWriting: true)
    }
    #expect(error?.description == sentence)
    if isThere {
      for file in ["energy.csv", "a.tmp", "a.svg"] {
        #expect(manager.contents(atPath: "\(elsewhere)/\(file)") == Data("mine".utf8))
      }
      // Where nothing is written, a link is as good as the folder.
      if name != "units" { _ = try RunFolder(finishedAt: path, forWriting: false) }
    } else {
      #expect(!manager.fileExists(atPath: elsewhere))
    }
  }

  // MARK: Tables

  @Test("tables are gathered in the order of the units, each under one header")
  func gathered() throws {
    let folder = try RunFolder(path: path, for: manifest)
    for place in [3, 0, 2] {
      let unit = manifest.units[place]
      try folder.write([energyTable(unit, expert: "\(place)")], of: unit)
    }
    try folder.gatherTables([.energy, .similarity])
    let text = try String(contentsOfFile: "\(path)/tables/energy.csv", encoding: .utf8)
    #expect(
      text == """
        layer,projection,expert,k,energy_top,stable_rank,effective_rank,gap,flag
        0,gate_proj,0,2,0.5,1.5,,1.25,
        12,gate_proj,2,2,0.5,1.5,,1.25,
        12,down_proj,3,2,0.5,1.5,,1.25,

        """)
    #expect(try names.filter { $0.hasPrefix("tables/") } == ["tables/energy.csv"])
    #expect(try folder.table(.energy)?[Energy.expert].map(\.text) == ["0", "2", "3"])
    #expect(try folder.table(.similarity) == nil)
  }

  @Test("equal floors of units stand once, sorted by dimension and count")
  func floors() throws {
    let folder = try RunFolder(path: path, for: manifest)
    func floors(_ rows: [(n: Int, k: Int, measure: Floors.Measure)]) -> Table {
      var table = Table(.floors)
      for row in rows {
        table.append(
          Floors.n(row.n), Floors.k(row.k), Floors.measure(row.measure), Floors.mean(0.1),
          Floors.sd(0), Floors.p95(1))
      }
      return table
    }
    try folder.write(
      [floors([(128, 2, .meanCosine), (128, 2, .geodesic), (96, 5, .meanCosine)])],
      of: manifest.units[0])
    try folder.write(
      [floors([(128, 2, .meanCosine), (128, 2, .geodesic), (96, 1, .meanCosine)])],
      of: manifest.units[3])
    try folder.gatherTables([.floors])
    let table = try Table(readingFrom: "\(path)/tables/floors.csv", as: .floors)
    #expect(table[Floors.n] == [96, 96, 128, 128])
    #expect(table[Floors.k] == [1, 5, 2, 2])
    #expect(table[Floors.measure] == [.meanCosine, .meanCosine, .meanCosine, .geodesic])
  }

  @Test("a unit's table that is damaged or cut short is not gathered; the old table is kept")
  func damagedUnit() throws {
    let folder = try RunFolder(path: path, for: manifest)
    let unit = manifest.units[0]
    try folder.write([energyTable(unit)], of: unit)
    try folder.gatherTables([.energy])
    let before = try Data(contentsOf: URL(filePath: "\(path)/tables/energy.csv"))
    let part = "deep/run/units/\(unit.key.folderName)/energy.csv"
    let file = try temporary.write("layer,other\n1,2\n", as: part)
    #expect(
      throws: FindingsError.wrongColumns(
        path: file,
        expected: "layer,projection,expert,k,energy_top,stable_rank,effective_rank,gap,flag",
        actual: "layer,other")
    ) { try folder.gatherTables([.energy]) }
    try temporary.write(String(decoding: before.dropLast(4), as: UTF8.self), as: part)
    #expect(throws: FindingsError.badLine(path: file, line: 2, reason: "is cut short")) {
      try folder.gatherTables([.energy])
    }
    #expect(try Data(contentsOf: URL(filePath: "\(path)/tables/energy.csv")) == before)
    #expect(try names.filter { $0.hasPrefix("tables/") } == ["tables/energy.csv"])
  }

  @Test("figures are written whole under their names; no temporary file is left anywhere")
  func figures() throws {
    var folder = try RunFolder(path: path, for: manifest)
    for unit in manifest.units { try folder.write([energyTable(unit)], of: unit) }
    try folder.write(svg: "<svg/>", ofFigure: "a-figure")
    try folder.gatherTables([.energy, .floors])
    try folder.updateManifest()
    #expect(
      try filesByPath(under: path).keys.sorted() == [
        "figures/a-figure.svg", "manifest.json", "tables/energy.csv",
        "units/layer-000-down_proj/contents.txt", "units/layer-000-down_proj/energy.csv",
        "units/layer-000-down_proj/sources.txt",
        "units/layer-000-gate_proj/contents.txt", "units/layer-000-gate_proj/energy.csv",
        "units/layer-000-gate_proj/sources.txt",
        "units/layer-012-down_proj/contents.txt", "units/layer-012-down_proj/energy.csv",
        "units/layer-012-down_proj/sources.txt",
        "units/layer-012-gate_proj/contents.txt", "units/layer-012-gate_proj/energy.csv",
        "units/layer-012-gate_proj/sources.txt",
      ])
    #expect(folder.manifest.units.allSatisfy { $0.state == .finished })
  }
}
