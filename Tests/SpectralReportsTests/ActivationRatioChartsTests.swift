import Experts
import Findings
import Pictures
import SpectralReports
import Testing
import TestSupport

/// Checks the contract of `activationRatioCharts`, and how long lines are thinned out.
@Suite struct ActivationRatioChartsTests {
  static func picture(_ table: Table) throws -> DrawnPicture {
    let picture = try DrawnPicture(
      #require(activationRatioCharts(activationRatio: table).first).svg)
    try picture.expectReadableTexts()
    return picture
  }

  @Test("matches the golden picture")
  func golden() throws {
    let table = TestTables.activationRatio(experts: expertNames(4), count: 24)
    let figure = try #require(activationRatioCharts(activationRatio: table).first)
    #expect(figure.name == "activation_ratio-layer-03-gate_proj")
    try expectGolden(figure.svg, matches: "\(figure.name)-4-experts.svg")
  }

  @Test("say what was left out of 1408 directions, in a few kB", arguments: [60, 256])
  func size(routed: Int) throws {
    let table = TestTables.activationRatio(experts: expertNames(routed), count: 1408)
    let figure = try #require(activationRatioCharts(activationRatio: table).first)
    #expect(figure.svg.utf8.count < 60_000)
    let picture = try DrawnPicture(figure.svg)
    try picture.expectReadableTexts()
    let lines = picture.lines()
    #expect(lines.count == 2)
    let words = picture.texts.joined(separator: " ")
    #expect(words.contains("Drawn are \(lines[0].points.count) of 1408 directions: all up to "))
    #expect(words.contains("is exact, not an average."))
    #expect(picture.texts.contains("\(routed) routed experts: range, middle half"))
  }

  @Test("show median, middle half and range of the experts, not a line for each")
  func spread() throws {
    // The ratio tells its direction; experts lie 0, 0.1, 0.2, 0.3 and 0.4 above.
    let table = TestTables.activationRatio(experts: expertNames(5), count: 50) {
      Double($1) / 100 + Double($0) / 10
    }
    let picture = try Self.picture(table)
    let across = try picture.horizontalMarks()
    let axis = try #require(picture.verticalMarks().first)
    let median = picture.lines()[0]
    #expect(picture.lines().count == 2)
    let areas = picture.elements.filter { $0.name == "path" && $0.groupClass == "spread" }
    #expect(areas.count == 2)
    for (area, ends) in zip(areas, [(0.0, 0.4), (0.1, 0.3)]) {
      let points = (area.attributes["d"] ?? "").split { "MLz".contains($0) }
        .map { $0.split(separator: " ").compactMap { Double($0) } }
      try #require(points.count == 100)
      for place in [0, 9, 49] {
        let direction = Double(place + 1)
        let x = try position(of: direction, on: across, scale: .logarithmic)
        #expect(abs(points[place][0] - x) < 0.02)
        #expect(
          abs(points[place][1] - (try position(of: direction / 100 + ends.1, on: axis))) < 0.02)
        #expect(
          abs(points[99 - place][1] - (try position(of: direction / 100 + ends.0, on: axis)))
            < 0.02)
        #expect(
          abs(median.points[place].y - (try position(of: direction / 100 + 0.2, on: axis))) < 0.02)
      }
    }
  }

  @Test("mark the floor at its height, and skip what was not measured")
  func floor() throws {
    let table = TestTables.activationRatio(experts: ["0", "1"], count: 9) {
      $0 == 0 && $1 == 5 ? .nan : 0.5
    }
    let picture = try Self.picture(table)
    let lines = picture.lines()
    #expect(lines[0].points.count == 9)
    let axis = try #require(picture.verticalMarks().first)
    let floor = try position(of: 0.3173, on: axis)
    #expect(lines[1].dashes == "6 5" && lines[1].points.allSatisfy { abs($0.y - floor) < 0.02 })
    #expect(picture.texts.contains("isotropic floor 0.3173"))
    #expect(
      picture.texts[1]
        == "share of 4096 tokens whose component along a direction exceeds the threshold")
    #expect(activationRatioCharts(activationRatio: Table(.activationRatio)).isEmpty)
  }

  @Test("leave out directions that cannot be, and keep markup as words")
  func hostile() throws {
    var table = TestTables.activationRatio(experts: ["0", "<script>"], count: 3)
    table.append(
      ActivationRatio.layer(3), ActivationRatio.projection(.gate),
      ActivationRatio.expert(ExpertName("0")), ActivationRatio.direction(0),
      ActivationRatio.ratio(0.5), ActivationRatio.tokens(9), ActivationRatio.floorRatio(.nan))
    let picture = try Self.picture(table)
    #expect(picture.lines()[0].points.count == 3)
    #expect(picture.all("script").isEmpty)
  }
}
