import Findings
import Foundation
import SpectralReports
import TestSupport
import Testing

/// Checks the page, the figures and the index of a run.
@Suite struct RunReportTests {
  private func report(_ run: TestRun, width: Int = 2) async throws -> PageContent {
    try await RunReport(of: try run.opened(forWriting: true)).write(width: width)
    return try PageContent(run.path)
  }

  @Test("the page holds every pair to three digits")
  func numbers() async throws {
    let run = try TestRun()
    let page = try await report(run)
    for layer in [0, 1] {
      let panel = try #require(
        page.panels(layer: layer, projection: "gate_proj", section: "similarity").first)
      let heatmap = try #require(panel["heatmap"] as? [String: Any])
      #expect(heatmap["rows"] as? [String] == ["0", "1", "2", "3", "4", "shared"])
      #expect(heatmap["separated"] as? Int == 1)
      #expect(heatmap["floor"] as? Double == 0.0717)
      let cells = try decodedCells(heatmap)
      for a in 0..<6 {
        for b in 0..<6 {
          let value = a < b ? TestTables.noise(a, b, low: 0.08, high: 0.62) : nil
          #expect(close(cells[a][b], value, within: 0.000_5), "\(a) \(b)")
        }
      }
    }
  }

  @Test("where floors differ, each pair has its own")
  func floors() async throws {
    let run = try TestRun()
    try edit(run) { text in
      text.split(separator: "\n").map(String.init).map { line in
        line.contains(",shared,")
          ? line.replacing("0.0717", with: "0.0655") : line
      }.joined(separator: "\n") + "\n"
    }
    let page = try await report(run)
    let panels = page.panels(layer: 0, projection: "gate_proj", section: "similarity")
    let heatmap = try #require(panels.first?["heatmap"] as? [String: Any])
    #expect(heatmap["floor"] as? Double == 0.0717)
    let floors = try decodedCells(heatmap, "floors")
    #expect(close(floors[0][1], 0.0717, within: 0.000_05))
    #expect(close(floors[0][5], 0.0655, within: 0.000_05))
    let other = page.panels(layer: 1, projection: "gate_proj", section: "similarity")
    let plain = try #require(other.first?["heatmap"] as? [String: Any])
    #expect(plain["floors"] == nil)
  }

  private func close(_ a: Double?, _ b: Double?, within tolerance: Double) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return abs(a - b) <= tolerance * 1.000_001
  }

  @Test("the groups give the order of the experts")
  func order() async throws {
    let page = try await report(try TestRun())
    let unit = page.json(after: "class=\"unit\" data-layer=\"0\"") as? [String: Any]
    #expect(unit?["order"] as? [String] == ["4", "3", "2", "1", "0"])
    let groups = unit?["groups"] as? [[String: Any]]
    #expect(groups?.count == 1)
    #expect(groups?.first?["experts"] as? [String] == ["4", "3"])
  }

  @Test("the overview has a cell for each layer and projection")
  func overview() async throws {
    let page = try await report(
      try TestRun(projections: ["gate_proj", "up_proj"], value: { _, _ in 0.25 }))
    let data = page.json(after: "id=\"run\"") as? [String: Any]
    let overview = data?["overview"] as? [String: Any]
    #expect(overview?["values"] as? [[Double]] == [[0.25, 0.25], [0.25, 0.25]])
    #expect(overview?["floors"] as? [[Double]] == [[0.0717, 0.0717], [0.0717, 0.0717]])
  }

  @Test("what was not measured has no section, and the page says how to get it")
  func absent() async throws {
    let page = try await report(try TestRun(layers: [3]))
    let shown = page.html.matches(of: /data-section="([a-z]+)"/).map { String($0.1) }
    #expect(shown == ["profiles", "similarity"])
    #expect(page.html.contains("Gradients: run sdmoe analyze again with"))
    #expect(!page.html.contains("Similarity of experts: run"))
  }

  @Test("the same run gives the same bytes, with one worker or two")
  func sameBytes() async throws {
    let run = try TestRun()
    _ = try await report(run, width: 1)
    let first = try filesByPath(under: run.path)
    _ = try await report(run, width: 2)
    #expect(try filesByPath(under: run.path) == first)
    #expect(first.keys.contains("figures/INDEX.md"))
    #expect(first.keys.contains("figures/similarity-layer-00-gate_proj-hidden.svg"))
  }

  @Test("a page asks the network for nothing")
  func noRequests() async throws {
    let page = try await report(try TestRun())
    #expect(page.html.contains("default-src 'none'"))
    for word in ["src=\"http", "href=\"http", "url(http", "@import", "fetch(", "XMLHttpRequest"] {
      #expect(!page.html.contains(word), "\(word)")
    }
  }

  @Test("hostile names are text everywhere")
  func injection() async throws {
    let hostile = "<script>alert(1)</script>\"&'{{lead}}"
    let run = try TestRun(
      model: hostile, projections: [hostile], experts: ["0", "1", hostile, "</title>"])
    let page = try await report(run)
    #expect(!page.html.contains("<script>alert"))
    #expect(page.html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    // The template's own script elements, the data, one for each unit, and the program.
    #expect(page.html.components(separatedBy: "<script").count - 1 == 2 + 2)
    #expect(page.html.components(separatedBy: "</script>").count - 1 == 2 + 2)
    #expect(page.html.components(separatedBy: "</title>").count - 1 == 1)
    let data = page.json(after: "id=\"run\"") as? [String: Any]
    #expect(data?["projections"] as? [String] == [hostile])
    let index = try String(contentsOfFile: "\(run.path)/figures/INDEX.md", encoding: .utf8)
    #expect(!index.contains("<script"))
    for (name, bytes) in try filesByPath(under: run.path) where name.hasSuffix(".svg") {
      let svg = String(decoding: bytes, as: UTF8.self)
      #expect(!svg.contains("<script"), "\(name)")
      _ = try Picture(svg)
    }
  }

  @Test("the index names the file of every figure that there is, and how to get the others")
  func index() async throws {
    let run = try TestRun()
    _ = try await report(run)
    let index = try String(contentsOfFile: "\(run.path)/figures/INDEX.md", encoding: .utf8)
    for name in ["1a", "1b-d", "2a", "2b", "3a", "3b", "4a", "4b", "5"] {
      #expect(index.contains("## Figure \(name)"), "\(name)")
    }
    let files = index.matches(of: /\]\(([^)]+)\)/).map { String($0.1) }
    #expect(files.contains("similarity-layer-01-gate_proj-hidden.svg"))
    for file in files {
      #expect(FileManager.default.fileExists(atPath: "\(run.path)/figures/\(file)"), "\(file)")
    }
    #expect(index.contains("--gradients <file>") || index.contains("--gradients &lt;file&gt;"))
  }

  // MARK: Bad input

  private func refusal(_ run: TestRun) async throws -> String {
    let error = await #expect(throws: FindingsError.self) {
      try await RunReport(of: try run.opened(forWriting: true)).write(width: 1)
    }
    return error?.description ?? ""
  }

  /// Changes a unit's table, and its size in the list of the unit's files.
  private func edit(_ run: TestRun, _ change: (String) -> String) throws {
    let unit = "\(run.path)/units/layer-000-gate_proj"
    let old = try String(contentsOfFile: "\(unit)/similarity.csv", encoding: .utf8)
    let new = change(old)
    try new.write(toFile: "\(unit)/similarity.csv", atomically: true, encoding: .utf8)
    let list = try String(contentsOfFile: "\(unit)/contents.txt", encoding: .utf8)
    try list.replacing(
      "similarity.csv \(old.utf8.count)", with: "similarity.csv \(new.utf8.count)"
    ).write(toFile: "\(unit)/contents.txt", atomically: true, encoding: .utf8)
  }

  @Test("a missing column, nonsense, and pairs told twice or not at all are refused")
  func damage() async throws {
    let cases: [(change: (String) -> String, words: String)] = [
      ({ $0.replacing(",overlap", with: "") }, "the first line is"),
      (
        { $0.replacing("0,gate_proj,hidden,0,1,15,0.", with: "0,gate_proj,hidden,0,1,15,7.") },
        "not between 0.0 and 1.0"
      ),
      (
        { $0.replacing("0,gate_proj,hidden,0,1,15,0.", with: "0,gate_proj,hidden,0,1,15,x.") },
        "not a number"
      ),
      ({ $0.replacing("hidden,0,1,", with: "hidden,0,2,") }, "twice"),
      (
        { $0.split(separator: "\n").dropLast().joined(separator: "\n") + "\n" },
        "14 pairs of 6 experts instead of 15"
      ),
    ]
    for (change, words) in cases {
      let run = try TestRun()
      try edit(run, change)
      let text = try await refusal(run)
      #expect(text.contains(words), "\(text)")
      #expect(text.contains("similarity.csv"))
      #expect(!FileManager.default.fileExists(atPath: "\(run.path)/index.html"))
    }
  }

  @Test("an unfinished run says which units are missing, and the command that finishes it")
  func unfinished() async throws {
    let run = try TestRun()
    try FileManager.default.removeItem(atPath: "\(run.path)/units/layer-001-gate_proj")
    let text = try await refusal(run)
    #expect(text.contains("1 of the run's units has no results yet: layer-001-gate_proj"))
    #expect(text.contains("sdmoe analyze <checkpoint> -o \(run.path) --analyses similarity"))
    #expect(text.contains("--layers 0-1 --projections gate_proj"))
  }

  @Test("a manifest that was edited to nonsense is refused")
  func nonsense() throws {
    let cases: [(change: (inout RunManifest) -> Void, words: String)] = [
      ({ $0.k = 0 }, "k is 0"), ({ $0.options.fraction = 7 }, "the fraction is 7.0"),
      ({ $0.options.layers = [0, 1, 2] }, "a layer has no unit"),
      ({ $0.options.layers = [1, 0] }, "not in rising order"),
      ({ $0.options.projections = [] }, "is of none of its layers and projections"),
      ({ $0.units.append($0.units[0]) }, "names a unit twice"), ({ $0.units = [] }, "has no units"),
    ]
    for (change, words) in cases {
      let run = try TestRun()
      var manifest = try run.opened().manifest
      change(&manifest)
      try JSONEncoder().encode(manifest).write(to: URL(filePath: "\(run.path)/manifest.json"))
      let error = #expect(throws: FindingsError.self) { try run.opened() }
      #expect(error?.description.contains(words) == true, "\(words)")
    }
  }

  @Test("a folder that is no run is told apart from one that is not there")
  func noRun() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FindingsError.noRun(path: folder.path("none"), reason: "no such folder")) {
      try RunFolder(finishedAt: folder.path("none"), forWriting: false)
    }
    let error = #expect(throws: FindingsError.self) {
      try RunFolder(finishedAt: folder.path, forWriting: false)
    }
    #expect(error?.description.contains("no manifest.json") == true)
    try folder.write("{", as: "manifest.json")
    let damaged = #expect(throws: FindingsError.self) {
      try RunFolder(finishedAt: folder.path, forWriting: false)
    }
    #expect(damaged?.description.contains("damaged, or of another version") == true)
  }
}
