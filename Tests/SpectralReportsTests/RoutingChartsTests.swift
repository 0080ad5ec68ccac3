import Findings
import Pictures
import SpectralReports
import Testing
import TestSupport

/// Checks the contract of `routingCharts`.
@Suite struct RoutingChartsTests {
  static func loads(_ table: Table) throws -> DrawnPicture {
    let picture = try DrawnPicture(#require(routingCharts(routing: table).first).svg)
    try picture.expectReadableTexts()
    return picture
  }

  @Test("match the golden picture")
  func golden() throws {
    let figures = routingCharts(routing: TestTables.routing(experts: expertNames(6)))
    #expect(figures.map(\.name) == ["routing-layer-03"])
    for figure in figures {
      try expectGolden(figure.svg, matches: "\(figure.name)-6-experts.svg")
    }
  }

  @Test("have a bar for each expert, equally wide and apart", arguments: [1, 8, 60, 128, 256])
  func barCounts(routed: Int) throws {
    let picture = try Self.loads(TestTables.routing(experts: expertNames(routed)))
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

  @Test("have no bar where nothing was measured, and no figure without rows")
  func missing() throws {
    let table = TestTables.routing(experts: expertNames(4)) { $0 == 1 ? .nan : 0.25 }
    let picture = try Self.loads(table)
    #expect(try picture.bars().count == 3)
    #expect(picture.texts.contains("Without a bar: not measured."))
    #expect(routingCharts(routing: Table(.routing)).isEmpty)
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
