import Experts
import Findings
import Pictures
import SpectralReports
import Testing
import TestSupport

/// Checks heatmaps of so many experts that their cells are pixels.
@Suite struct LargeHeatmapTests {
  private let experts = expertNames(60, shared: ["shared"])

  private func images(of svg: String) throws -> [DrawnPicture.Element] {
    try DrawnPicture(svg).all("image")
  }

  private func decoded(_ image: DrawnPicture.Element) throws -> DecodedPNG {
    try DrawnPicture("<svg/>").pixels(image)
  }

  @Test("every pixel has the colour of its pair, and the shared expert stands apart")
  func pixels() throws {
    let table = TestTables.similarity(experts: experts)
    let figure = try #require(
      similarityHeatmaps(similarity: table, energy: Table(.energy), scaleMaximum: 1).first)
    let images = try images(of: figure.svg)
    #expect(images.count == 4)
    let routed = try decoded(images[0])
    let size = DrawnPicture.pixelsPerCell
    #expect(routed.width == 60 * size && routed.height == 60 * size)
    let shared = try decoded(images[1])
    #expect(shared.width == size && shared.height == 60 * size)
    for row in [0, 1, 31, 59] {
      for column in 0..<60 {
        let expected =
          row == column
          ? [0xc9, 0xc9, 0xc9]
          : colour(noise(min(row, column), max(row, column), low: 0.08, high: 0.62))
        // 254 colours stand for 256: half a step of viridis is under three in every channel.
        #expect(
          zip(routed[size * row + row % size, size * column], expected).allSatisfy {
            abs($0 - $1) <= 3
          }, "\(row) \(column)")
      }
      let value = noise(row, 60, low: 0.08, high: 0.62)
      #expect(zip(shared[size * row, size - 1], colour(value)).allSatisfy { abs($0 - $1) <= 3 })
    }
    let gap = try images[1].number("x") - images[0].number("x") - images[0].number("width")
    #expect(gap >= 4)
  }

  private func colour(_ value: Double) -> [Int] {
    let map = ColourMap.viridis
    let colour = map.colour(ofStep: map.step(of: value, to: 1))
    return [Int(colour.red), Int(colour.green), Int(colour.blue)]
  }

  @Test("what was not measured is pale grey")
  func missing() throws {
    var table = Table(.routerScore)
    for row in 0..<50 {
      for expert in 0..<50 where (row, expert) != (3, 4) {
        table.append(
          RouterScore.layer(0), RouterScore.projection(.gate), RouterScore.routerRow(row),
          RouterScore.expert(expert), RouterScore.score(1), RouterScore.floorScore(0.1))
      }
    }
    let figure = try #require(routerScoreHeatmaps(routerScore: table).first)
    let image = try decoded(try #require(try images(of: figure.svg).first))
    let size = DrawnPicture.pixelsPerCell
    #expect(image[3 * size, 4 * size] == [0xf0, 0xf0, 0xf0])
    #expect(zip(image[4 * size, 3 * size], colour(1)).allSatisfy { abs($0 - $1) <= 3 })
  }

  @Test("up to 48 experts the cells are vectors", arguments: [48, 49])
  func border(count: Int) throws {
    let table = TestTables.similarity(experts: expertNames(count))
    let figure = try #require(
      similarityHeatmaps(similarity: table, energy: Table(.energy)).first)
    #expect(try images(of: figure.svg).count == (count > 48 ? 1 : 0))
  }

  @Test("896 experts make a picture of one image, under 2.5 MB")
  func manyExperts() throws {
    let table = TestTables.routerScore(count: 896)
    let figure = try #require(routerScoreHeatmaps(routerScore: table).first)
    #expect(try images(of: figure.svg).count == 1)
    #expect(figure.svg.utf8.count < 2_500_000)
  }
}
