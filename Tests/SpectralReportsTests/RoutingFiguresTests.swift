import Findings
import SpectralReports
import Testing

/// Checks the contract of `routingFigures`.
@Suite struct RoutingFiguresTests {
  static func loads(_ table: Table) throws -> Picture {
    let figures = routingFigures(routing: table, coactivation: Table(.coactivation))
    let picture = try Picture(#require(figures.first).svg)
    try picture.expectReadableTexts()
    return picture
  }

  @Test("match the golden pictures")
  func golden() throws {
    let experts = TestTables.experts(6)
    let figures = routingFigures(
      routing: TestTables.routing(experts: experts),
      coactivation: TestTables.coactivation(experts: experts))
    #expect(figures.map(\.name) == ["routing-layer-03", "coactivation-layer-03"])
    for figure in figures {
      try expectGolden(figure.svg, matches: "\(figure.name)-6-experts.svg")
    }
  }

  @Test("have a bar for each expert, equally wide and apart", arguments: [1, 8, 60, 128, 256])
  func barCounts(routed: Int) throws {
    let picture = try Self.loads(TestTables.routing(experts: TestTables.experts(routed)))
    let bars = try picture.bars()
    #expect(bars.count == routed)
    #expect(Set(bars.map(\.width)).count == 1 && bars[0].width >= 2)
    #expect(zip(bars, bars.dropFirst()).allSatisfy { $0.left + $0.width <= $1.left })
    #expect(picture.texts[0] == "Layer 3 · load of \(routed) experts")
  }

  @Test("sort bars by expert, and mark the uniform load at its height")
  func heights() throws {
    let names = ["10", "2", "0", "1"]
    let table = TestTables.routing(experts: names) { [0.4, 0.3, 0.1, 0.2][$0] }
    let picture = try Self.loads(table)
    #expect(try picture.horizontalMarks().map(\.value) == [0, 1, 2, 10])
    let axis = try #require(picture.verticalMarks().first)
    #expect(axis.first?.value == 0)
    for (bar, load) in zip(try picture.bars(), [0.1, 0.2, 0.3, 0.4]) {
      #expect(abs(bar.top - (try position(of: load, on: axis))) < 0.02)
    }
    let level = try #require(
      picture.elements.first {
        $0.groupClass == "level" && $0.attributes["stroke-dasharray"] == "6 5"
      }?.attributes["d"])
    let height = try position(of: 0.25, on: axis)
    #expect(level.contains(" \(trimmedText(height, places: 2))h"))
    #expect(picture.texts.contains("uniform load 0.2500"))
  }

  @Test("have co-activations as a symmetric heatmap with the floor on its bar")
  func coactivation() throws {
    let experts = TestTables.experts(8)
    let table = TestTables.coactivation(experts: experts, floor: 0.01) {
      $0 == 2 && $1 == 6 ? 0.05 : 0
    }
    let figures = routingFigures(routing: Table(.routing), coactivation: table)
    let picture = try Picture(#require(figures.first).svg)
    try picture.expectReadableTexts()
    let cells = try picture.cells()
    #expect(cells.colours[2][6] == "#fde725" && cells.colours[6][2] == "#fde725")
    #expect(cells.count(except: [Picture.neutral]) == 56)
    #expect(picture.texts.contains("floor") && picture.texts.contains("0.0100"))
    #expect(picture.texts.contains("Grey: an expert with itself."))
    #expect(coactivationScaleMaximum(of: table) == 0.05)
    #expect(coactivationScaleMaximum(of: table, Table(.coactivation)) == 0.05)
    let wider = routingFigures(
      routing: Table(.routing), coactivation: table, scaleMaximum: 0.1, largestLayer: 1000)
    #expect(wider.first?.name == "coactivation-layer-0003")
    #expect(
      try Picture(#require(wider.first).svg).cells().colours[2][6]
        == ColourMap.viridis.colour(ofStep: 128).hex)
  }

  @Test("have no bar where nothing was measured, and no figure without rows")
  func missing() throws {
    let table = TestTables.routing(experts: TestTables.experts(4)) { $0 == 1 ? .nan : 0.25 }
    let picture = try Self.loads(table)
    #expect(try picture.bars().count == 3)
    #expect(picture.texts.contains("Without a bar: not measured."))
    let nothing = routingFigures(routing: Table(.routing), coactivation: Table(.coactivation))
    #expect(nothing.isEmpty)
  }

  @Test("keep markup in names as words, however long they are")
  func injection() throws {
    let long = String(repeating: "W", count: 60)
    let picture = try Self.loads(TestTables.routing(experts: [long, "<script>\"&", "0"]))
    #expect(picture.all("script").isEmpty)
    let alone = try Self.loads(TestTables.routing(experts: ["<script>\"&"]))
    #expect(alone.texts.contains("<script>\"&"))
  }
}
