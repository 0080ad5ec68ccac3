import Experts
import Findings
import Foundation
import SpectralReports
import Testing
import TestSupport

/// Checks what is compared of two runs, and what is refused.
@Suite final class RunComparisonTests {
  /// The folders stay as long as the test.
  private var runs: [TestRun] = []

  private func comparison(_ first: TestRun, _ second: TestRun) throws -> RunComparison {
    runs += [first, second]
    return try RunComparison(of: try first.opened(), and: try second.opened())
  }

  private func plain(_ a: Int, _ b: Int) -> Double { noise(a, b, low: 0.1, high: 0.3) }

  @Test("values are compared as they are where floors are the same")
  func values() throws {
    let comparison = try comparison(
      try TestRun(value: plain), try TestRun(value: { 0.125 + self.plain($0, $1) }))
    #expect(comparison.hindrance == nil)
    let layers = comparison.layerChangeTable
    let rows = (0..<layers.rowCount).filter { layers[LayerChanges.measure][$0] == .similarity }
    #expect(rows.count == 2)
    for row in rows {
      #expect(abs(layers[LayerChanges.change][row] - 0.125) < 1e-12)
      #expect(layers[LayerChanges.compared][row] == .value)
    }
    let unit = try #require(comparison.comparableUnits.first)
    let pairs = try #require(try comparison.similarityChanges(of: unit))
    #expect(pairs.rowCount == 15)
    #expect(pairs[SimilarityChanges.change].allSatisfy { abs($0 - 0.125) < 1e-12 })
    #expect(pairs[SimilarityChanges.a][0] == plain(0, 1))
  }

  @Test("the excess over chance is compared where floors differ")
  func otherFloors() throws {
    let comparison = try comparison(
      try TestRun(floor: 0.1, value: { _, _ in 0.55 }),
      try TestRun(floor: 0.2, value: { _, _ in 0.6 }))
    let layers = comparison.layerChangeTable
    let row = try #require(layers[LayerChanges.measure].firstIndex(of: .similarity))
    #expect(layers[LayerChanges.compared][row] == .excess)
    // 0.45 of 0.9 and 0.4 of 0.8: the same excess.
    #expect(abs(layers[LayerChanges.change][row]) < 1e-12)
  }

  @Test("the excess is compared of different parts, even with the same floor")
  func otherPart() throws {
    let comparison = try comparison(
      try TestRun(floor: 0.2, value: { _, _ in 0.6 }),
      try TestRun(floor: 0.2, change: { $0.options[.part] = "unique" }, value: { _, _ in 0.2 }))
    let unit = try #require(comparison.comparableUnits.first)
    let pairs = try #require(try comparison.similarityChanges(of: unit))
    #expect(pairs[SimilarityChanges.compared].allSatisfy { $0 == .excess })
    #expect(pairs[SimilarityChanges.change].allSatisfy { abs($0 + 0.5) < 1e-12 })
  }

  @Test("different layers or experts are compared by the layers' means alone")
  func otherSizes() throws {
    let first = try TestRun()
    let layers = try comparison(first, try TestRun(layers: [0, 1, 2]))
    #expect(layers.hindrance == "A has 2 layers, B has 3 layers")
    #expect(layers.comparableUnits.isEmpty)
    let table = layers.layerChangeTable
    let last = try #require(table[LayerChanges.layer].firstIndex(of: 2))
    #expect(table[LayerChanges.a][last].isNaN && table[LayerChanges.change][last].isNaN)
    #expect(table[LayerChanges.b][last].isFinite)
    let experts = try comparison(first, try TestRun(experts: expertNames(7)))
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
      (try TestRun(projections: [.up]), ["for the same projection"]),
    ]
    for (second, words) in cases {
      let error = #expect(throws: ComparisonError.self) { try comparison(first, second) }
      for word in words { #expect(error?.description.contains(word) == true, "\(word)") }
    }
  }

  @Test("other sides are refused")
  func otherSides() throws {
    let second = try TestRun(side: .neuron)
    let first = try TestRun()
    let error = #expect(throws: ComparisonError.self) { try comparison(first, second) }
    #expect(error?.description.contains("hidden in the first, neuron in the second") == true)
  }

  // MARK: One set

  private func similaritySentence(_ first: TestRun, _ second: TestRun) throws -> String {
    let report = ComparisonReport(of: try comparison(first, second), version: "0.1.0")
    return try #require(report.sentences.first { $0.hasPrefix("Similarity of experts:") })
  }

  @Test("means and their change are of the layers that both runs have, and the rest is counted")
  func oneSetOfLayers() throws {
    // The last layer of A is far from the others.
    let sentence = try similaritySentence(
      try TestRun(layers: [0, 1, 2], shift: { $0 == 2 ? 0.3 : 0 }, value: { _, _ in 0.25 }),
      try TestRun(layers: [0, 1], value: { _, _ in 0.25 }))
    #expect(
      sentence
        == "Similarity of experts: 0.250 in A and 0.250 in B, by chance 0.072 and 0.072; it fell in 0 and rose in 0 of 2 layers and projections, by 0.000 on average. Left out, as not every run has them: layers and projections, 1 of A."
    )
  }

  @Test("means and their change are of the experts that neither run left out")
  func oneSetOfExperts() throws {
    func value(_ a: Int, _ b: Int) -> Double { [a, b].contains(1) ? 0.5 : 0.25 }
    let first = try TestRun(leftOut: ["3"], value: value)
    let second = try TestRun(leftOut: ["1"], value: value)
    let comparison = try comparison(first, second)
    #expect(comparison.hindrance == nil)
    let table = comparison.layerChangeTable
    for row in 0..<table.rowCount where table[LayerChanges.measure][row] == .similarity {
      #expect(abs(table[LayerChanges.a][row] - 0.25) < 1e-12)
      #expect(abs(table[LayerChanges.b][row] - 0.25) < 1e-12)
    }
    let sentence = try similaritySentence(first, second)
    #expect(
      sentence.hasSuffix(
        "Left out, as not every run has them: experts, counted in each of them, 2 of A and 2 of B."),
      "\(sentence)")
    #expect(sentence.contains("0.250 in A and 0.250 in B"))
  }

  @Test("a measure is compared in one way in all layers")
  func oneMeaning() throws {
    let comparison = try comparison(
      try TestRun(floor: 0.1, value: { _, _ in 0.55 }),
      try TestRun(floor: 0.2, value: { _, _ in 0.6 }))
    let report = ComparisonReport(of: comparison, version: "0.1.0")
    #expect(
      report.sentences.contains {
        $0.contains("the excess over chance fell in 0")
          && $0.contains("from 0.500 to 0.500, by 0.000 on average")
      }, "\(report.sentences)")
  }

  @Test("the change that is shown is that of the means that are shown", arguments: 0..<40)
  func roundedAlike(seed: Int) throws {
    let a = noise(seed, 1, low: 0.1, high: 0.6)
    let b = seed % 2 == 0 ? noise(seed, 2, low: 0.1, high: 0.6) : a + 0.0005
    let sentence = try similaritySentence(
      try TestRun(layers: [0], value: { _, _ in a }), try TestRun(layers: [0], value: { _, _ in b })
    )
    let shown = try #require(
      sentence.firstMatch(of: /experts: ([0-9.]+) in A and ([0-9.]+) in B.* by ([-+]?[0-9.]+) on/))
    let numbers = try [shown.1, shown.2, shown.3].map {
      try #require(Decimal(string: String($0).replacing("+", with: "")))
    }
    #expect(numbers[1] - numbers[0] == numbers[2], "\(sentence)")
    for (number, value) in zip(numbers, [a, b, b - a]) {
      #expect(abs(NSDecimalNumber(decimal: number).doubleValue - value) <= 0.000_501)
    }
  }

  @Test("runs are called by their models, and by their folders too where these are the same")
  func names() throws {
    let first = try TestRun()
    let second = try TestRun()
    let other = try TestRun(model: "other_moe")
    #expect(try comparison(first, other).names == ["test_moe", "other_moe"])
    let names = try comparison(first, second).names
    for (name, run) in zip(names, [first, second]) {
      let folder = URL(filePath: run.path).deletingLastPathComponent().lastPathComponent
      #expect(name == "test_moe (\(folder)/run)")
    }
    #expect(try comparison(first, first).names == ["test_moe (run)", "test_moe (run)"])
  }

  // MARK: More than two

  @Test("more than two runs give a line over the runs for each measure, in the order given")
  func series() async throws {
    let values = [0.4, 0.25, 0.3, 0.2]
    let steps = try values.map { value in
      try TestRun(layers: value == 0.3 ? [0, 1, 5] : [0, 1], value: { _, _ in value })
    }
    runs += steps
    let series = try RunSeries(of: steps.map { try $0.opened() })
    let means = series.meanTable
    let rows = (0..<means.rowCount).filter { means[RunMeans.measure][$0] == .similarity }
    #expect(rows.map { means[RunMeans.run][$0] } == [1, 2, 3, 4])
    for (row, value) in zip(rows, values) {
      #expect(abs(means[RunMeans.value][row] - value) < 1e-12)
      #expect(means[RunMeans.floor][row] == TestTables.floor)
      #expect(means[RunMeans.layers][row] == 2)
    }
    let report = ComparisonReport(of: series, version: "0.1.0")
    #expect(
      report.sentences.first
        == "Similarity of experts: from 0.400 in run 1 to 0.200 in run 4, by -0.200, by chance 0.072; least 0.200 in run 4, most 0.400 in run 1, over 2 layers and projections. Left out, as not every run has them: layers and projections, 1 of run 3."
    )
    let folder = try TemporaryFolder()
    let target = folder.path("out")
    try report.check(target: target, replacing: false)
    try await report.write(to: target, workers: 2)
    let files = try filesByPath(under: target)
    #expect(
      files.keys.sorted() == [
        "comparison.json", "figures/series-energy-gate_proj.svg", "figures/series-energy.svg",
        "figures/series-similarity-gate_proj.svg", "figures/series-similarity.svg", "index.html",
        "tables/run_layers.csv", "tables/run_means.csv",
      ])
    try expectGolden(
      String(decoding: try #require(files["figures/series-similarity.svg"]), as: UTF8.self),
      matches: "series-similarity.svg")
    let data = try PageContent(target).json(after: "id=\"run\"") as? [String: Any]
    let panels = try #require(data?["profiles"] as? [[String: Any]])
    #expect(panels.count == 4)
    let map = try #require(panels.compactMap { $0["heatmap"] as? [String: Any] }.first)
    #expect(map["columns"] as? [String] == ["1", "2", "3", "4"])
    let cells = try decodedCells(map)
    #expect(cells.count == 2)
    for row in cells {
      for (cell, value) in zip(row, values) { #expect(abs((cell ?? .nan) - value) <= 0.000_501) }
    }
    try await report.write(to: folder.path("again"), workers: 1)
    #expect(try filesByPath(under: folder.path("again")) == files)
  }

  @Test("the excess is shown of more than two runs where one has another floor")
  func seriesOfExcess() throws {
    let steps = try [0.1, 0.2, 0.1].map { floor in
      try TestRun(floor: floor, value: { _, _ in floor + 0.5 * (1 - floor) })
    }
    runs += steps
    let report = ComparisonReport(
      of: try RunSeries(of: steps.map { try $0.opened() }), version: "0.1.0")
    let sentence = try #require(report.sentences.first)
    #expect(
      sentence.hasPrefix(
        "Similarity of experts: the excess over chance goes from 0.500 in run 1 to 0.500 in run 3, by 0.000;"
      ), "\(sentence)")
  }

  @Test("the report holds both maps on one scale, and the difference")
  func report() async throws {
    let comparison = try comparison(
      try TestRun(value: plain), try TestRun(value: { self.plain($0, $1) * 2 }))
    let folder = try TemporaryFolder()
    let target = folder.path("out")
    let report = ComparisonReport(of: comparison, version: "0.1.0")
    try await report.write(to: target, workers: 2)
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
    let sizes = largest[LargestChanges.change].map(abs)
    #expect(sizes.count == 30 && sizes == sizes.sorted(by: >))
    // Again, elsewhere: the same bytes.
    try await report.write(to: folder.path("again"), workers: 1)
    #expect(try filesByPath(under: folder.path("again")) == files)
  }

  @Test("only a comparison gives way, and only when asked")
  func existingOutput() async throws {
    let run = try TestRun()
    let report = ComparisonReport(of: try comparison(run, run), version: "0.1.0")
    let folder = try TemporaryFolder()
    let target = folder.path("out")
    try report.check(target: target, replacing: false)
    try await report.write(to: target, workers: 1)
    #expect(throws: ComparisonError.self) { try report.check(target: target, replacing: false) }
    try report.check(target: target, replacing: true)
    try await report.write(to: target, workers: 1)
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

  @Test("what was not written with a comparison, or was changed since, stays and is named")
  func foreignFiles() async throws {
    let run = try TestRun()
    let report = ComparisonReport(of: try comparison(run, run), version: "0.1.0")
    let folder = try TemporaryFolder()
    let target = folder.path("out")
    try await report.write(to: target, workers: 1)
    for name in ["notes.md", "mine/plot.svg", "tables/layer_changes.csv"] {
      try folder.write("mine", as: "out/\(name)")
    }
    let before = try filesByPath(under: target)
    let error = #expect(throws: ComparisonError.self) {
      try report.check(target: target, replacing: true)
    }
    #expect(
      error?.description.contains(": mine/, notes.md, tables/layer_changes.csv; --force deletes")
        == true)
    await #expect(throws: ComparisonError.self) { try await report.write(to: target, workers: 1) }
    #expect(try filesByPath(under: target) == before)
  }

  @Test("a link to a comparison, and slashes at the end of a name, lead to the folder")
  func linkedOutput() async throws {
    let run = try TestRun()
    let report = ComparisonReport(of: try comparison(run, run), version: "0.1.0")
    let folder = try TemporaryFolder()
    try await report.write(to: folder.path("out") + "/", workers: 1)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("link"), withDestinationPath: folder.path("out"))
    try report.check(target: folder.path("link"), replacing: true)
    try await report.write(to: folder.path("link"), workers: 1)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["link", "out"])
    #expect(try filesByPath(under: folder.path("out")).keys.contains("index.html"))
  }
}
