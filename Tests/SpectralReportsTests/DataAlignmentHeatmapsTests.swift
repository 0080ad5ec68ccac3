import Experts
import Findings
import Pictures
import SpectralReports
import Testing
import TestSupport

/// Checks the contract of `dataAlignmentHeatmaps`.
@Suite struct DataAlignmentHeatmapsTests {
  @Test("match the golden picture")
  func golden() throws {
    let data = try #require(
      dataAlignmentHeatmaps(dataAlignment: TestTables.dataAlignment(count: 6)).first)
    #expect(data.name == "data_alignment-layer-03")
    try expectGolden(data.svg, matches: "\(data.name)-6-sequences.svg")
  }

  @Test("of sequences are in the order of their numbers", arguments: [2, 16, 100])
  func sequences(count: Int) throws {
    let table = TestTables.dataAlignment(count: count) { a, b in
      a == 0 && b == count - 1 ? 1 : 0
    }
    let picture = try DrawnPicture(#require(dataAlignmentHeatmaps(dataAlignment: table).first).svg)
    try picture.expectReadableTexts()
    let cells = try picture.cells()
    #expect(cells.colours[0][count - 1] == "#fde725" && cells.colours[count - 1][0] == "#fde725")
    #expect(cells.count(except: [DrawnPicture.neutral]) == count * (count - 1))
    #expect(picture.texts[0] == "Layer 3 · data alignment · top k = 2 · mean cosine")
    #expect(picture.texts.contains("Grey: a sequence with itself."))
    #expect(picture.texts.count { $0 == "sequence" } == 2)
    #expect(dataAlignmentScaleMaximum(of: table) == 1)
  }

  @Test("say when pairs have different floors")
  func floors() throws {
    let table = TestTables.dataAlignment(count: 3, floor: { a, _ in a == 0 ? 0.05 : 0.08 })
    let words = try DrawnPicture(#require(dataAlignmentHeatmaps(dataAlignment: table).first).svg)
      .texts.joined(separator: " ")
    #expect(words.contains("random floor 0.0500 to 0.0800"))
    #expect(words.contains("the mark shows the highest"))
  }

  @Test("without values are pale, and without rows there are none")
  func degenerate() throws {
    #expect(dataAlignmentHeatmaps(dataAlignment: Table(.dataAlignment)).isEmpty)
    let nothing = TestTables.dataAlignment(
      count: 3, value: { _, _ in .nan }, floor: { _, _ in .nan })
    let cells = try DrawnPicture(#require(dataAlignmentHeatmaps(dataAlignment: nothing).first).svg)
      .cells()
    #expect(cells.count(except: [DrawnPicture.neutral]) == 6)
    #expect(cells.colours[0][1] == DrawnPicture.missing)
  }
}
