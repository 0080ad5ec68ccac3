import Findings
import Pictures
import SpectralReports
import Testing
import TestSupport

/// Checks the contract of `coactivationHeatmaps`.
@Suite struct CoactivationHeatmapsTests {
  @Test("match the golden picture")
  func golden() throws {
    let figures = coactivationHeatmaps(
      coactivation: TestTables.coactivation(experts: expertNames(6)))
    #expect(figures.map(\.name) == ["coactivation-layer-03"])
    for figure in figures {
      try expectGolden(figure.svg, matches: "\(figure.name)-6-experts.svg")
    }
  }

  @Test("are symmetric, with the floor on the bar")
  func symmetric() throws {
    let experts = expertNames(8)
    let table = TestTables.coactivation(experts: experts, floor: 0.01) {
      $0 == 2 && $1 == 6 ? 0.05 : 0
    }
    let figures = coactivationHeatmaps(coactivation: table)
    let picture = try DrawnPicture(#require(figures.first).svg)
    try picture.expectReadableTexts()
    let cells = try picture.cells()
    #expect(cells.colours[2][6] == "#fde725" && cells.colours[6][2] == "#fde725")
    #expect(cells.count(except: [DrawnPicture.neutral]) == 56)
    #expect(picture.texts.contains("floor") && picture.texts.contains("0.0100"))
    #expect(picture.texts.contains("Grey: an expert with itself."))
    #expect(coactivationScaleMaximum(of: table) == 0.05)
    #expect(coactivationScaleMaximum(of: table, Table(.coactivation)) == 0.05)
    let wider = coactivationHeatmaps(
      coactivation: table, scaleMaximum: 0.1, largestLayer: 1000)
    #expect(wider.first?.name == "coactivation-layer-0003")
    #expect(
      try DrawnPicture(#require(wider.first).svg).cells().colours[2][6]
        == ColourMap.viridis.colour(ofStep: 128).hex)
  }

  @Test("without rows there are none")
  func empty() {
    #expect(coactivationHeatmaps(coactivation: Table(.coactivation)).isEmpty)
  }
}
