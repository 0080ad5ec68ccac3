import Findings
import Foundation
import SpectralReports
import TestSupport
import Testing

/// Checks what is compared of two runs, and what is refused.
@Suite final class RunComparisonTests {
  /// The folders stay as long as the test.
  private var runs: [TestRun] = []

  private func comparison(_ first: TestRun, _ second: TestRun) throws -> RunComparison {
    runs += [first, second]
    return try RunComparison(of: try first.opened(), and: try second.opened())
  }

  private func plain(_ a: Int, _ b: Int) -> Double { TestTables.noise(a, b, low: 0.1, high: 0.3) }

  @Test("values are compared as they are where floors are the same")
  func values() throws {
    let comparison = try comparison(
      try TestRun(value: plain), try TestRun(value: { 0.125 + self.plain($0, $1) }))
    #expect(comparison.hindrance == nil)
    let layers = comparison.layerChangeTable
    let rows = (0..<layers.rowCount).filter { layers.texts("measure")[$0] == "similarity" }
    #expect(rows.count == 2)
    for row in rows {
      #expect(abs(layers.numbers("change")[row] - 0.125) < 1e-12)
      #expect(layers.texts("compared")[row] == "value")
    }
    let unit = try #require(comparison.comparableUnits.first)
    let pairs = try #require(try comparison.similarityChanges(of: unit))
    #expect(pairs.rowCount == 15)
    #expect(pairs.numbers("change").allSatisfy { abs($0 - 0.125) < 1e-12 })
    #expect(pairs.numbers("a")[0] == plain(0, 1))
  }

  @Test("the excess over chance is compared where floors differ")
  func otherFloors() throws {
    let comparison = try comparison(
      try TestRun(floor: 0.1, value: { _, _ in 0.55 }),
      try TestRun(floor: 0.2, value: { _, _ in 0.6 }))
    let layers = comparison.layerChangeTable
    let row = try #require(layers.texts("measure").firstIndex(of: "similarity"))
    #expect(layers.texts("compared")[row] == "excess")
    // 0.45 of 0.9 and 0.4 of 0.8: the same excess.
    #expect(abs(layers.numbers("change")[row]) < 1e-12)
  }

  @Test("the excess is compared of different parts, even with the same floor")
  func otherPart() throws {
    let comparison = try comparison(
      try TestRun(floor: 0.2, value: { _, _ in 0.6 }),
      try TestRun(floor: 0.2, change: { $0.options.part = "unique" }, value: { _, _ in 0.2 }))
    let unit = try #require(comparison.comparableUnits.first)
    let pairs = try #require(try comparison.similarityChanges(of: unit))
    #expect(pairs.texts("compared").allSatisfy { $0 == "excess" })
    #expect(pairs.numbers("change").allSatisfy { abs($0 + 0.5) < 1e-12 })
  }

  @Test("different layers or experts are compared by the layers' means alone")
  func otherSizes() throws {
    let first = try TestRun()
    let layers = try comparison(first, try TestRun(layers: [0, 1, 2]))
    #expect(layers.hindrance == "A has 2 layers, B has 3 layers")
    #expect(layers.comparableUnits.isEmpty)
    let table = layers.layerChangeTable
    let last = try #require(table.integers("layer").firstIndex(of: 2))
    #expect(table.numbers("a")[last].isNaN && table.numbers("change")[last].isNaN)
    #expect(table.numbers("b")[last].isFinite)
    let experts = try comparison(first, try TestRun(experts: TestTables.experts(7)))
    #expect(experts.hindrance == "Layer 0 · gate_proj has 5 experts in A and 7 in B")
    #expect(experts.layerChangeTable.rowCount == 4)
  }

  @Test("other measures, fractions and projections are refused by name")
  func refusals() throws {
    let first = try TestRun()
    let cases: [(second: TestRun, words: [String])] = [
      (
        try TestRun(change: { $0.definitions["similarity"] = "overlap" }),
        ["measures differ", "'similarity' is 'mean cosine'", "'overlap'"]
      ),
      (try TestRun(change: { $0.options.fraction = 0.05 }), ["fractions differ", "0.01", "0.05"]),
      (try TestRun(projections: ["up_proj"]), ["for the same projection"]),
    ]
    for (second, words) in cases {
      let error = #expect(throws: ComparisonError.self) { try comparison(first, second) }
      for word in words { #expect(error?.description.contains(word) == true, "\(word)") }
    }
  }

  @Test("other sides are refused")
  func otherSides() throws {
    let second = try TestRun()
    // Words of the same length: the list of the unit's files holds.
    for layer in [0, 1] {
      let path = "\(second.path)/units/layer-00\(layer)-gate_proj/summary.csv"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try text.replacing("hidden", with: "neuron").write(
        toFile: path, atomically: true, encoding: .utf8)
    }
    let first = try TestRun()
    let error = #expect(throws: ComparisonError.self) { try comparison(first, second) }
    #expect(error?.description.contains("hidden in the first, neuron in the second") == true)
  }

  @Test("the report holds both maps on one scale, and the difference")
  func report() async throws {
    let comparison = try comparison(
      try TestRun(value: plain), try TestRun(value: { self.plain($0, $1) * 2 }))
    let folder = try TemporaryFolder()
    let target = folder.path("out")
    let report = ComparisonReport(of: comparison, version: "0.1.0")
    try await report.write(to: target, width: 2)
    let page = try PageContent(target)
    let panels = page.panels(layer: 1, projection: "gate_proj", section: "maps")
    let maps = panels.compactMap { $0["heatmap"] as? [String: Any] }
    #expect(maps.map { $0["scale"] as? Double } == [0.6, 0.6, 0.3])
    #expect(maps.map { $0["diverging"] as? Bool } == [false, false, true])
    let cells = try maps.map { try decodedCells($0) }
    for (a, b) in [(0, 1), (2, 4), (3, 5)] {
      let value = plain(a, b)
      for (map, expected) in zip(cells, [value, 2 * value, value]) {
        #expect(abs((map[a][b] ?? .nan) - expected) <= 0.000_501)
      }
    }
    let files = try filesByPath(under: target)
    #expect(files.keys.contains("tables/similarity_changes/layer-001-gate_proj.csv"))
    #expect(files.keys.contains("figures/similarity-change-layer-01-gate_proj.svg"))
    for name in ["similarity-change-layer-01-gate_proj", "profile-similarity"] {
      let svg = String(decoding: try #require(files["figures/\(name).svg"]), as: UTF8.self)
      try expectGolden(svg, matches: "\(name)-compared.svg")
    }
    let largest = try Table(
      readingFrom: "\(target)/tables/largest_changes.csv", as: .largestChanges)
    let sizes = largest.numbers("change").map(abs)
    #expect(sizes.count == 30 && sizes == sizes.sorted(by: >))
    // Again, elsewhere: the same bytes.
    try await report.write(to: folder.path("again"), width: 1)
    #expect(try filesByPath(under: folder.path("again")) == files)
  }

  @Test("only a comparison gives way, and only when asked")
  func existingOutput() async throws {
    let run = try TestRun()
    let report = ComparisonReport(of: try comparison(run, run), version: "0.1.0")
    let folder = try TemporaryFolder()
    let target = folder.path("out")
    try report.check(target: target, replacing: false)
    try await report.write(to: target, width: 1)
    #expect(throws: ComparisonError.self) { try report.check(target: target, replacing: false) }
    try report.check(target: target, replacing: true)
    try await report.write(to: target, width: 1)
    for inside in [run.path, "\(run.path)/", "\(run.path)/figures/x"] {
      let error = #expect(throws: ComparisonError.self) {
        try report.check(target: inside, replacing: true)
      }
      #expect(error?.description.contains("lies in the run") == true)
    }
    try folder.write("mine", as: "foreign/notes.txt")
    #expect(throws: ComparisonError.self) {
      try report.check(target: folder.path("foreign"), replacing: true)
    }
  }

  @Test("a link to a comparison, and slashes at the end of a name, lead to the folder")
  func linkedOutput() async throws {
    let run = try TestRun()
    let report = ComparisonReport(of: try comparison(run, run), version: "0.1.0")
    let folder = try TemporaryFolder()
    try await report.write(to: folder.path("out") + "/", width: 1)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: folder.path("out"))
    try report.check(target: folder.path("link"), replacing: true)
    try await report.write(to: folder.path("link"), width: 1)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["link", "out"])
    #expect(try filesByPath(under: folder.path("out")).keys.contains("index.html"))
  }
}
