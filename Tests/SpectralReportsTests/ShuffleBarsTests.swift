import Experts
import Findings
import Pictures
import SpectralReports
import Testing
import TestSupport

/// Checks the contract of `shuffleBars`.
@Suite struct ShuffleBarsTests {
  static func whiskers(_ picture: DrawnPicture) -> String {
    picture.elements.filter { $0.groupClass == "whiskers" }
      .compactMap { $0.attributes["d"] }.joined()
  }

  @Test("matches the golden picture")
  func golden() throws {
    let table = TestTables.shuffle(layers: [0, 1, 2], experts: expertNames(6))
    let figure = try #require(shuffleBars(shuffle: table).first)
    #expect(figure.name == "shuffle-gate_proj")
    try expectGolden(figure.svg, matches: "\(figure.name)-3-layers.svg")
  }

  @Test("come one for each projection over all layers, whatever the order of rows")
  func figures() throws {
    let projections: [Projection] = [.up, .down, .gate]
    let table = TestTables.shuffle(
      layers: [10, 2, 3], projections: projections, experts: ["0", "1"])
    let figures = shuffleBars(shuffle: table)
    #expect(figures.map(\.name) == ["shuffle-gate_proj", "shuffle-up_proj", "shuffle-down_proj"])
    let sorted = TestTables.shuffle(
      layers: [2, 3, 10], projections: projections, experts: ["0", "1"])
    #expect(shuffleBars(shuffle: sorted) == figures)
    let picture = try DrawnPicture(figures[0].svg)
    #expect(try picture.horizontalMarks().map(\.value) == [2, 3, 10])
    #expect(picture.texts[0] == "gate_proj · change of the input when tokens are shuffled")
  }

  @Test("have a bar for top and tail of each layer in both panels", arguments: [1, 3, 12, 61])
  func barCounts(layers: Int) throws {
    let table = TestTables.shuffle(layers: Array(0..<layers), experts: expertNames(8))
    let figure = try #require(shuffleBars(shuffle: table).first)
    #expect(figure.svg.utf8.count < 40_000)
    let picture = try DrawnPicture(figure.svg)
    try picture.expectReadableTexts()
    let bars = try picture.bars()
    #expect(bars.count == 4 * layers)
    #expect(bars.count { $0.colour == "#31688e" } == 2 * layers)
    let panel = bars.prefix(2 * layers).sorted { $0.left < $1.left }
    #expect(zip(panel, panel.dropFirst()).allSatisfy { $0.left + $0.width <= $1.left })
    #expect(picture.texts.contains("top k = 15 directions"))
  }

  @Test("draw means over experts, and whiskers from the smallest to the largest")
  func heights() throws {
    // Experts at 0.2, 0.3 and 0.7: mean 0.4.
    let table = TestTables.shuffle(layers: [5], experts: expertNames(3)) { _, expert in
      [0.2, 0.3, 0.7][expert]
    }
    let picture = try DrawnPicture(#require(shuffleBars(shuffle: table).first).svg)
    let panels = try picture.verticalMarks()
    let bars = try picture.bars()
    try #require(bars.count == 4 && panels.count == 2)
    for (bar, expected) in zip(bars, [(0, 0.4), (0, 0.2), (1, 0.8), (1, 0.4)]) {
      let axis = panels[expected.0]
      #expect(abs(bar.top - (try position(of: expected.1, on: axis))) < 0.02)
      #expect(abs(bar.bottom - (try position(of: 0, on: axis))) < 0.02)
      let middle = trimmedText(bar.left + bar.width / 2, places: 2)
      let high = try position(of: expected.1 * 0.7 / 0.4, on: axis)
      let low = try position(of: expected.1 * 0.2 / 0.4, on: axis)
      let drawn = Self.whiskers(picture).split(separator: "M")
        .filter { $0.hasPrefix("\(middle) ") && $0.contains("v") }
        .map { $0.split { " v".contains($0) }.compactMap { Double($0) } }
      #expect(
        drawn.contains { abs($0[1] - high) < 0.02 && abs($0[1] + $0[2] - low) < 0.03 })
    }
  }

  @Test("leave experts out that were not measured, and say where nothing was")
  func missing() throws {
    let table = TestTables.shuffle(layers: [0, 1], experts: expertNames(2)) {
      $0 == 1 ? .nan : ($1 == 0 ? 0.5 : .nan)
    }
    let picture = try DrawnPicture(#require(shuffleBars(shuffle: table).first).svg)
    #expect(try picture.bars().count == 4)
    #expect(picture.texts.contains("Without a bar: not measured."))
    #expect(shuffleBars(shuffle: Table(.shuffle)).isEmpty)
  }
}
