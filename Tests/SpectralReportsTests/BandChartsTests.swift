import Findings
import Pictures
import SpectralReports
import Testing
import TestSupport

/// Checks the contract of `bandCharts`.
@Suite struct BandChartsTests {
  static func picture(_ table: Table) throws -> DrawnPicture {
    let figures = bandCharts(bands: table)
    #expect(figures.count == 1)
    let picture = try DrawnPicture(#require(figures.first).svg)
    try picture.expectReadableTexts()
    return picture
  }

  @Test("matches the golden picture")
  func golden() throws {
    let figure = try #require(bandCharts(bands: TestTables.bands(lastRank: 13)).first)
    #expect(figure.name == "bands-layer-03-gate_proj")
    try expectGolden(figure.svg, matches: "\(figure.name)-20-bands.svg")
  }

  @Test("have two panels over one logarithmic axis that counts bands from 1")
  func axes() throws {
    let picture = try Self.picture(TestTables.bands(count: 64))
    #expect(picture.texts.first == "Layer 3 · gate_proj · hidden side · bands of 15 directions")
    let across = try picture.horizontalMarks()
    #expect(across.map(\.value) == [1, 2, 5, 10, 20, 50])
    for mark in across {
      let expected = try position(of: mark.value, on: across, scale: .logarithmic)
      #expect(abs(mark.position - expected) < 0.02)
    }
    let panels = try picture.verticalMarks()
    #expect(panels.count == 2)
    #expect(panels[0].first?.value == 0)
    #expect(panels[1].map(\.value) == [1e-5, 0.0001, 0.001, 0.01, 0.1, 1])
    #expect(picture.texts.contains("share of energy, logarithmic"))
  }

  @Test("draw each band at its place, and the floor at its height")
  func heights() throws {
    let picture = try Self.picture(TestTables.bands())
    let across = try picture.horizontalMarks()
    let panels = try picture.verticalMarks()
    let lines = picture.lines()
    try #require(lines.count == 3)
    #expect(lines.map(\.dashes) == ["none", "6 5", "none"])
    #expect(lines[0].points.count == 20 && lines[2].points.count == 20)
    for band in 0..<20 {
      let x = try position(of: Double(band + 1), on: across, scale: .logarithmic)
      let mean = try position(of: 0.1 + 0.5 / Double(band + 1), on: panels[0])
      let energy = try position(
        of: 0.4 / Double((band + 1) * (band + 1)), on: panels[1], scale: .logarithmic)
      #expect(abs(lines[0].points[band].x - x) < 0.02)
      #expect(abs(lines[0].points[band].y - mean) < 0.02)
      #expect(abs(lines[2].points[band].y - energy) < 0.02)
    }
    let floor = try position(of: TestTables.floor, on: panels[0])
    #expect(lines[1].points.count == 2 && lines[1].points.allSatisfy { abs($0.y - floor) < 0.02 })
    #expect(lines[1].points[0].x == lines[0].points[0].x)
    #expect(lines[1].points[1].x == lines[0].points[19].x)
    #expect(picture.texts.contains("random floor 0.0717"))
  }

  @Test("say when the last band is narrower")
  func lastBand() throws {
    let note = "The last band holds what remains, 13 directions"
    let narrower = try Self.picture(TestTables.bands(lastRank: 13)).texts
    #expect(narrower.contains { $0.hasPrefix(note) })
    let even = try Self.picture(TestTables.bands()).texts
    #expect(!even.contains { $0.contains("last band") })
  }

  @Test("leave out what has no place on a logarithmic axis, and say so")
  func zeros() throws {
    let table = TestTables.bands(energy: { $0 == 4 ? 0 : ($0 == 9 ? 1e-20 : 0.01) })
    let picture = try Self.picture(table)
    let path = try #require(picture.lines().last).path
    #expect(path.count { $0 == "M" } == 3)
    #expect(
      picture.texts.joined(separator: " ").contains("2 smaller values of share of energy, zeros"))
  }

  @Test("of gradients say so in title and name")
  func gradients() throws {
    let table = TestTables.bands(TableDefinition.bands.ofGradients)
    let figure = try #require(bandCharts(bands: table, largestLayer: 100).first)
    #expect(figure.name == "gradient_bands-layer-003-gate_proj")
    let texts = try DrawnPicture(figure.svg).texts
    #expect(texts[0] == "Layer 3 · gradients of gate_proj · hidden side · bands of 15 directions")
    #expect(texts[1].contains("two experts' gradients"))
  }

  @Test("survive missing values and one band")
  func degenerate() throws {
    #expect(bandCharts(bands: Table(.bands)).isEmpty)
    let nothing = TestTables.bands(
      count: 3, mean: { _ in .nan }, energy: { _ in .infinity }, floor: .nan)
    let empty = try Self.picture(nothing)
    #expect(empty.lines().allSatisfy { $0.path.isEmpty })
    #expect(!empty.texts.contains { $0.contains("floor") })
    let one = try Self.picture(TestTables.bands(count: 1))
    #expect(one.all("script").isEmpty)
    #expect(one.lines()[0].points.count == 1)
  }
}
