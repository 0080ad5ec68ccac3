import Pictures
import Testing
import TestSupport

/// Checks the drawing of heatmaps of every size.
@Suite struct HeatmapTests {
  static func heatmap(
    routed: Int, shared: [String] = [], scaleMaximum: Double = 0.7, floor: Double = 0.0717
  ) -> Heatmap {
    let labels = expertNames(routed, shared: shared)
    let count = labels.count
    let values = (0..<count * count).map { place in
      let pair = [place / count, place % count].sorted()
      return noise(pair[0], pair[1], low: 0.05, high: 0.65)
    }
    return Heatmap(
      title: "Layer 3 · gate_proj · hidden side · top k = 15",
      subtitle: "principal similarity (mean cosine) between experts; random floor 0.0717",
      measure: "mean cosine", rowTitle: "expert", columnTitle: "expert", rowLabels: labels,
      columnLabels: labels, separatedCount: shared.count, values: values,
      hasNeutralDiagonal: true, floor: floor, scaleMaximum: scaleMaximum)
  }

  static let sizes = [1, 2, 3, 4, 8, 12, 13, 16, 30, 60, 64, 100, 101, 128, 160, 256]
  static let sharedNames = [[], ["shared"], ["shared0", "shared1"], (0..<4).map { "shared\($0)" }]

  @Test("labels never touch and are never cut off", arguments: sizes, sharedNames)
  func labels(routed: Int, shared: [String]) throws {
    let picture = try DrawnPicture(Self.heatmap(routed: routed, shared: shared).svg())
    try picture.expectReadableTexts()
    for name in shared { #expect(picture.texts.count { $0 == name } == 2, "\(name)") }
  }

  @Test("labels of any length never touch", arguments: [1, 5, 20, 90])
  func longLabels(routed: Int) throws {
    var heatmap = Self.heatmap(routed: routed, shared: ["a shared expert with a long name", "b"])
    heatmap.rowTitle = "expert whose router row it is"
    try DrawnPicture(heatmap.svg()).expectReadableTexts()
  }

  @Test("every cell is drawn once, the diagonal neutral", arguments: sizes, sharedNames)
  func cells(routed: Int, shared: [String]) throws {
    let cells = try DrawnPicture(Self.heatmap(routed: routed, shared: shared).svg()).cells()
    let count = routed + shared.count
    #expect(
      cells.count(except: [DrawnPicture.neutral, DrawnPicture.missing, ""]) == count * count - count
    )
    #expect(cells.colours.indices.allSatisfy { cells.colours[$0][$0] == DrawnPicture.neutral })
  }

  @Test("rows and columns of one size are thinned out alike, by round steps", arguments: sizes)
  func thinning(routed: Int) throws {
    let texts = try DrawnPicture(Self.heatmap(routed: routed).svg()).texts
    let written = (0..<routed).filter { index in texts.contains("\(index)") }
    let step = written.count > 1 ? written[1] - written[0] : 1
    #expect([1, 2, 5, 10, 20, 50].contains(step))
    #expect(zip(written, written.dropFirst()).allSatisfy { $1 - $0 == step })
    for index in written where index > 0 { #expect(texts.count { $0 == "\(index)" } == 2) }
  }

  @Test("the floor is marked at its height on the bar", arguments: [0.0717, 0.35, 0.69, 0.01])
  func floorMark(floor: Double) throws {
    let picture = try DrawnPicture(Self.heatmap(routed: 12, floor: floor).svg())
    let bar = try #require(
      picture.elements.first { $0.attributes["fill"] == "url(#viridis-upwards)" })
    let word = try #require(picture.all("text").first { $0.words == "floor" })
    let value = try #require(picture.all("text").first { $0.words == shareText(floor) })
    let bottom = try bar.number("y") + bar.number("height")
    let expected = try bottom - bar.number("height") * floor / 0.7
    // The word stands above the mark and the value below it.
    #expect(try abs((word.number("y") + value.number("y")) / 2 - expected - 3.75) < 0.02)
    let line = picture.all("path").contains { path in
      guard let d = path.attributes["d"], path.attributes["stroke-width"] == "1.5" else {
        return false
      }
      return d.contains(" \(trimmedText(expected, places: 2))h")
    }
    #expect(line)
    try picture.expectReadableTexts()
  }

  @Test("without a floor there is no mark")
  func noFloor() throws {
    let texts = try DrawnPicture(Self.heatmap(routed: 4, floor: .nan).svg()).texts
    #expect(!texts.contains("floor"))
    #expect(!texts.contains("not measured"))
  }

  @Test("what was not measured is pale, and said")
  func missingValues() throws {
    var heatmap = Self.heatmap(routed: 4)
    heatmap.values[1] = .nan
    let picture = try DrawnPicture(heatmap.svg())
    let cells = try picture.cells()
    #expect(cells.colours[0][1] == DrawnPicture.missing)
    #expect(cells.count(except: [DrawnPicture.neutral, DrawnPicture.missing]) == 11)
    #expect(picture.texts.contains { $0.contains("Pale grey: not measured.") })
  }

  @Test("values above the scale take the last colour, and it is said")
  func aboveScale() throws {
    var heatmap = Self.heatmap(routed: 4, scaleMaximum: 0.66)
    heatmap.values[1] = 0.9
    let picture = try DrawnPicture(heatmap.svg())
    #expect(try picture.cells().colours[0][1] == "#fde725")
    #expect(picture.texts.contains { $0.contains("Values above 0.66 have the last colour.") })
  }

  @Test("a scale of nothing is drawn to 1; a negative one traps")
  func scaleEnds() async throws {
    var heatmap = Self.heatmap(routed: 2, scaleMaximum: 0, floor: .nan)
    heatmap.values = [0, 0, 0, 0]
    let picture = try DrawnPicture(heatmap.svg())
    #expect(picture.texts.contains("1.0"))
    await #expect(processExitsWith: .failure) {
      _ = HeatmapTests.heatmap(routed: 2, scaleMaximum: -1).svg()
    }
  }

  @Test("is a white picture with a name and a description")
  func root() throws {
    let picture = try DrawnPicture(Self.heatmap(routed: 4).svg())
    let root = try #require(picture.elements.first)
    #expect(root.name == "svg")
    #expect(root.attributes["role"] == "img")
    let width = try #require(root.attributes["width"])
    let height = try #require(root.attributes["height"])
    #expect(root.attributes["viewBox"] == "0 0 \(width) \(height)")
    #expect(root.attributes["font-family"]?.hasPrefix("system-ui") == true)
    let names = picture.elements.map(\.name)
    #expect(names.dropFirst().prefix(3) == ["title", "desc", "rect"])
    #expect(picture.elements[1].words == "Layer 3 · gate_proj · hidden side · top k = 15")
    #expect(picture.elements[2].words.contains("4 rows by 4 columns"))
    #expect(picture.elements[3].attributes["fill"] == "#ffffff")
    #expect(picture.elements[3].attributes["width"] == width)
  }
}
