import Experts
import Findings
import SpectralReports
import Testing
import TestSupport

/// Checks the contracts of `routerAlignmentCharts` and `routerDataCharts`.
@Suite struct RouterAlignmentChartsTests {
  @Test("match the golden pictures")
  func golden() throws {
    let experts = expertNames(6)
    let alignment = try #require(
      routerAlignmentCharts(routerAlignment: TestTables.routerAlignment(experts: experts)).first)
    #expect(alignment.name == "router_alignment-layer-03-gate_proj")
    try expectGolden(alignment.svg, matches: "\(alignment.name)-6-experts.svg")
    let data = try #require(
      routerDataCharts(routerData: TestTables.routerData(experts: experts)).first)
    #expect(data.name == "router_data-layer-03")
    try expectGolden(data.svg, matches: "\(data.name)-6-experts.svg")
  }

  @Test("have a line for each expert, the median and the dashed floor", arguments: [1, 8, 60, 256])
  func lines(routed: Int) throws {
    let table = TestTables.routerAlignment(experts: expertNames(routed))
    let figure = try #require(routerAlignmentCharts(routerAlignment: table).first)
    #expect(figure.svg.utf8.count < 100_000)
    let picture = try DrawnPicture(figure.svg)
    try picture.expectReadableTexts()
    let lines = picture.lines()
    try #require(lines.count == routed + 2)
    #expect(lines.dropLast().allSatisfy { $0.points.count == 16 && $0.dashes == "none" })
    #expect(lines[routed].width == "2.5")
    #expect(lines[routed + 1].dashes == "6 5")
    let axis = try #require(picture.verticalMarks().first)
    let floor = try position(of: 0.0176, on: axis)
    #expect(lines[routed + 1].points.allSatisfy { abs($0.y - floor) < 0.02 })
    #expect(axis.first?.value == 0)
    #expect(picture.texts[0] == "Layer 3 · gate_proj · router alignment · top 16 directions")
    #expect(picture.texts.contains("random floor 0.0176"))
  }

  @Test("of data have a figure for each layer, without a projection")
  func layers() throws {
    var table = TestTables.routerData(experts: ["0", "1"])
    for expert in ["0", "1"] {
      table.append(
        RouterData.layer(12), RouterData.expert(ExpertName(expert)), RouterData.direction(1),
        RouterData.absCosine(0.5), RouterData.floorAbsCosine(0.1))
    }
    let figures = routerDataCharts(routerData: table, largestLayer: 200)
    #expect(figures.map(\.name) == ["router_data-layer-003", "router_data-layer-012"])
    let texts = try DrawnPicture(figures[0].svg).texts
    #expect(texts[0] == "Layer 3 · router-data alignment · top 16 directions")
  }

  @Test("without rows there is no figure, without a floor no dashed line")
  func degenerate() throws {
    #expect(routerAlignmentCharts(routerAlignment: Table(.routerAlignment)).isEmpty)
    #expect(routerDataCharts(routerData: Table(.routerData)).isEmpty)
    let table = TestTables.routerAlignment(experts: ["0", "1"], floor: .nan)
    let figure = try #require(routerAlignmentCharts(routerAlignment: table).first)
    #expect(try DrawnPicture(figure.svg).lines().count == 3)
  }

  @Test("keep markup in names as words")
  func injection() throws {
    let table = TestTables.routerAlignment(experts: ["0", "<script>&"])
    let figure = try #require(routerAlignmentCharts(routerAlignment: table).first)
    let picture = try DrawnPicture(figure.svg)
    try picture.expectReadableTexts()
    #expect(picture.all("script").isEmpty && picture.all("b").isEmpty)
    #expect(picture.texts.contains("<script>&"))
  }
}
