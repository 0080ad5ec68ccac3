import Experts
import Findings
import Pictures
import SpectralReports
import Testing
import TestSupport

/// Checks the contract of `routerScoreHeatmaps`.
@Suite struct RouterScoreHeatmapsTests {
  @Test("matches the golden picture")
  func golden() throws {
    let figure = try #require(
      routerScoreHeatmaps(routerScore: TestTables.routerScore(count: 6)).first)
    #expect(figure.name == "router_score-layer-00-gate_proj")
    try expectGolden(figure.svg, matches: "\(figure.name)-6-experts.svg")
  }

  @Test("have router rows as rows and experts as columns, and draw the diagonal")
  func orientation() throws {
    var table = Table(.routerScore)
    for row in 0..<3 {
      for expert in 0..<3 {
        let score = row == 0 && expert == 2 ? 0.5 : (row == expert ? 1.0 : 0)
        table.append(
          RouterScore.layer(4), RouterScore.projection(.up), RouterScore.routerRow(row),
          RouterScore.expert(expert), RouterScore.score(score), RouterScore.floorScore(0.01))
      }
    }
    let figure = try #require(routerScoreHeatmaps(routerScore: table).first)
    #expect(figure.name == "router_score-layer-04-up_proj")
    let picture = try DrawnPicture(figure.svg)
    let cells = try picture.cells().colours
    #expect(cells[0][2] == ColourMap.viridis.colour(ofStep: 128).hex)
    #expect(cells[2][0] == "#440154")
    #expect((0..<3).allSatisfy { cells[$0][$0] == "#fde725" })
    #expect(picture.elements[1].words == "Layer 4 · up_proj · hidden side · router score")
    #expect(picture.texts.contains("router row"))
    #expect(picture.texts.joined(separator: " ").contains("random floor 0.0100"))
  }

  @Test("are readable at every size", arguments: [1, 4, 12, 60])
  func readable(count: Int) throws {
    let table = TestTables.routerScore(count: count)
    let figure = try #require(routerScoreHeatmaps(routerScore: table).first)
    let picture = try DrawnPicture(figure.svg)
    try picture.expectReadableTexts()
    #expect(try picture.cells().count(except: [DrawnPicture.neutral]) == count * count)
    #expect(figure.svg.utf8.count < 60_000)
    #expect(picture.all("script").isEmpty)
  }

  @Test("share a round scale that holds every score and twice the floor")
  func scale() {
    #expect(routerScoreScaleMaximum(of: TestTables.routerScore(count: 4, floor: 0.3)) == 0.6)
    #expect(routerScoreScaleMaximum(of: Table(.routerScore)) == 0)
    #expect(routerScoreHeatmaps(routerScore: Table(.routerScore)).isEmpty)
  }
}
