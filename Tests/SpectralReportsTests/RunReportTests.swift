import Experts
import Findings
import Foundation
import SpectralReports
import Testing
import TestSupport

/// Checks the page, the figures and the index of a run.
@Suite struct RunReportTests {
  private func report(_ run: TestRun, workers: Int = 2) async throws -> PageContent {
    try await RunReport(of: try run.opened(forWriting: true)).write(workers: workers)
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
          let value = a < b ? noise(a, b, low: 0.08, high: 0.62) : nil
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
      try TestRun(projections: [.gate, .up], value: { _, _ in 0.25 }))
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
    _ = try await report(run, workers: 1)
    let first = try filesByPath(under: run.path)
    _ = try await report(run, workers: 2)
    #expect(try filesByPath(under: run.path) == first)
    #expect(first.keys.contains("figures/INDEX.md"))
    #expect(first.keys.contains("figures/similarity-layer-00-gate_proj-hidden.svg"))
  }

  @Test("the checkpoint's name stands first, its family beside it; an unnamed one has its family")
  func heading() async throws {
    let page = try await report(try TestRun(change: { $0.checkpoint.name = "owner/model-7b" }))
    #expect(page.html.contains("<h1>owner/model-7b <span class=\"kind\">test_moe</span></h1>"))
    #expect(page.html.contains("<title>owner/model-7b: spectra of experts</title>"))
    let unnamed = try await report(try TestRun())
    #expect(unnamed.html.contains("<h1>test_moe</h1>"))
  }

  @Test("what was found stands as a conclusion with its numbers beside it")
  func conclusion() async throws {
    let page = try await report(try TestRun(value: { _, _ in 0.5 }))
    let text = page.html.replacing(/<[^>]+>/, with: "")
    #expect(
      text.contains("Experts moderately share their leading directions, 7.0 times chance."))
    #expect(page.html.contains("<b>0.500</b>") && page.html.contains("<b>0.072</b>"))
  }

  @Test("every term leads to its meaning, and every entry of the contents to its section")
  func links() async throws {
    let page = try await report(try TestRun())
    let ids = page.html.matches(of: /\sid="([^"]+)"/).map { String($0.1) }
    #expect(Set(ids).count == ids.count)
    let links = page.html.matches(of: /\shref="#([^"]+)"/).map { String($0.1) }
    #expect(Set(links).subtracting(ids) == [])
    let terms = ids.filter { $0.hasPrefix("term-") }
    #expect(terms.contains("term-leading") && terms.contains("term-times-chance"))
    #expect(Set(terms).subtracting(links) == [])
    #expect(links.contains("similarity") && links.contains("absent") && links.contains("terms"))
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
      model: hostile, experts: ["0", "1", hostile, "</title>"])
    let page = try await report(run)
    #expect(!page.html.contains("<script>alert"))
    #expect(page.html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    // The template's own script elements, the data, one for each unit, and the program.
    #expect(page.html.components(separatedBy: "<script").count - 1 == 2 + 2)
    #expect(page.html.components(separatedBy: "</script>").count - 1 == 2 + 2)
    #expect(page.html.components(separatedBy: "</title>").count - 1 == 1)
    let panels = page.panels(layer: 0, projection: "gate_proj", section: "similarity")
    let heatmap = panels.first?["heatmap"] as? [String: Any]
    #expect((heatmap?["rows"] as? [String])?.contains(hostile) == true)
    let index = try String(contentsOfFile: "\(run.path)/figures/INDEX.md", encoding: .utf8)
    #expect(!index.contains("<script"))
    for (name, bytes) in try filesByPath(under: run.path) where name.hasSuffix(".svg") {
      let svg = String(decoding: bytes, as: UTF8.self)
      #expect(!svg.contains("<script"), "\(name)")
      _ = try DrawnPicture(svg)
    }
  }

  @Test("the index names the file of every figure that there is, and how to get the others")
  func index() async throws {
    let run = try TestRun()
    _ = try await report(run)
    let index = try String(contentsOfFile: "\(run.path)/figures/INDEX.md", encoding: .utf8)
    #expect(
      index.matches(of: /## Figure ([^\n]+)\n\nShows ([^\n]+)\./).map { "\($0.1): \($0.2)" }
        == [
          "1a: similarity and energy band by band",
          "1b-d, appendix: principal similarity: "
            + "how alike the leading subspaces of two experts are, layer by layer",
          "2a: how alike the leading directions of experts' gradients are, band by band",
          "2b: a router row beside its own expert's directions",
          "2b, all pairs: how much of a router row lies in each expert",
          "3a: how often each direction is active", "3b: what shuffling the tokens changes",
          "4a, appendix: gradient principal similarity: "
            + "how alike the leading subspaces of gradients are",
          "4b, appendix: gradient tail similarity: the same beyond the leading directions",
          "5, appendix: data alignment: how alike the leading directions of sequences are",
          "appendix: all experts' singular values: the spectra",
          "beyond the paper: similarity beyond the leading directions",
          "beyond the paper: energy over directions, cumulative",
          "beyond the paper: energy of the gradients over directions, cumulative",
          "beyond the paper: spectra of the gradients",
          "beyond the paper: router rows and the input's directions",
          "beyond the paper: loads of the experts", "beyond the paper: experts chosen together",
          "beyond the paper: measures over the layers",
        ])
    let files = index.matches(of: /\]\(([^)]+)\)/).map { String($0.1) }
    #expect(files.contains("similarity-layer-01-gate_proj-hidden.svg"))
    for file in files {
      #expect(FileManager.default.fileExists(atPath: "\(run.path)/figures/\(file)"), "\(file)")
    }
    #expect(index.contains("`--gradients <file>`"))
  }

  // MARK: Bad input

  private func refusal(_ run: TestRun) async throws -> String {
    let error = await #expect(throws: FindingsError.self) {
      try await RunReport(of: try run.opened(forWriting: true)).write(workers: 1)
    }
    return error?.description ?? ""
  }

  /// Changes a unit's table, and its size in the list of the unit's files.
  private func edit(_ run: TestRun, _ change: (String) -> String) throws {
    let unit = "\(run.path)/units/layer-000-gate_proj"
    let old = try String(contentsOfFile: "\(unit)/similarity.csv", encoding: .utf8)
    let new = change(old)
    try new.write(toFile: "\(unit)/similarity.csv", atomically: true, encoding: .utf8)
    try run.seal("layer-000-gate_proj")
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
