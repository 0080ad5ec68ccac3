import Findings
import SpectralReports
import Testing

/// Checks the contract of `activationRatioCharts`, and how long lines are thinned out.
@Suite struct ActivationRatioChartsTests {
  static func picture(_ table: Table) throws -> Picture {
    let picture = try Picture(
      #require(activationRatioCharts(activationRatio: table).first).svg)
    try picture.expectReadableTexts()
    return picture
  }

  @Test("matches the golden picture")
  func golden() throws {
    let table = TestTables.activationRatio(experts: TestTables.experts(4), count: 24)
    let figure = try #require(activationRatioCharts(activationRatio: table).first)
    #expect(figure.name == "activation_ratio-layer-03-gate_proj")
    try expectGolden(figure.svg, matches: "\(figure.name)-4-experts.svg")
  }

  @Test("stay under 400 kB with 1408 directions, and say what was left out", arguments: [60, 256])
  func size(routed: Int) throws {
    let table = TestTables.activationRatio(experts: TestTables.experts(routed), count: 1408)
    let figure = try #require(activationRatioCharts(activationRatio: table).first)
    #expect(figure.svg.utf8.count < 400_000)
    let picture = try Picture(figure.svg)
    try picture.expectReadableTexts()
    let lines = picture.lines()
    #expect(lines.count == routed + 2)
    let count = lines[0].points.count
    #expect(lines.prefix(routed + 1).allSatisfy { $0.points.count == count })
    let words = picture.texts.joined(separator: " ")
    #expect(words.contains("Drawn are \(count) of 1408 directions: all up to "))
    #expect(words.contains("is exact, not an average."))
  }

  @Test("draw the exact values and the median of all experts where directions are left out")
  func exactness() throws {
    // The ratio tells its direction; experts lie 0, 0.01 and 0.04 above: the median is the second.
    let table = TestTables.activationRatio(experts: TestTables.experts(3), count: 2000) {
      Double($1) / 2500 + [0, 0.01, 0.04][$0]
    }
    let picture = try Self.picture(table)
    let across = try picture.horizontalMarks()
    #expect(across.map(\.value) == [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000])
    let axis = try #require(picture.verticalMarks().first)
    let lines = picture.lines()
    let median = lines[3]
    #expect(median.points.map(\.y) == lines[1].points.map(\.y))
    let last = try #require(median.points.last)
    #expect(abs(last.y - (try position(of: 2000 / 2500 + 0.01, on: axis))) < 0.02)
    for (number, point) in median.points.prefix(60).enumerated() {
      let direction = Double(number + 1)
      #expect(
        abs(point.x - (try position(of: direction, on: across, scale: .logarithmic))) < 0.02)
      #expect(abs(point.y - (try position(of: direction / 2500 + 0.01, on: axis))) < 0.02)
    }
  }

  @Test("mark the floor at its height, and skip what was not measured")
  func floor() throws {
    let table = TestTables.activationRatio(experts: ["0", "1"], count: 9) {
      $0 == 0 && $1 == 5 ? .nan : 0.5
    }
    let picture = try Self.picture(table)
    let lines = picture.lines()
    #expect(lines[0].path.count { $0 == "M" } == 2 && lines[0].points.count == 8)
    #expect(lines[1].points.count == 9 && lines[2].points.count == 9)
    let axis = try #require(picture.verticalMarks().first)
    let floor = try position(of: 0.3173, on: axis)
    #expect(lines[3].dashes == "6 5" && lines[3].points.allSatisfy { abs($0.y - floor) < 0.02 })
    #expect(picture.texts.contains("isotropic floor 0.3173"))
    #expect(
      picture.texts[1]
        == "share of 4096 tokens whose component along a direction exceeds the threshold")
    #expect(activationRatioCharts(activationRatio: Table(.activationRatio)).isEmpty)
  }

  @Test("leave out directions that cannot be, and keep markup as words")
  func hostile() throws {
    var table = TestTables.activationRatio(projection: "<script>", experts: ["0"], count: 3)
    table.append(
      .integer(3), .text("<script>"), .text("0"), .integer(0), .number(0.5), .integer(9),
      .number(.nan))
    let picture = try Self.picture(table)
    #expect(picture.lines()[0].points.count == 3)
    #expect(picture.all("script").isEmpty)
  }
}
