import Findings
import SpectralReports
import Testing

/// Checks the contracts of the heatmaps of tails, of gradients and of sequences.
@Suite struct PairHeatmapsTests {
  @Test("match the golden pictures")
  func golden() throws {
    let tail = try #require(
      tailSimilarityHeatmaps(
        tailSimilarity: TestTables.tailSimilarity(experts: TestTables.experts(6))
      ).first)
    #expect(tail.name == "tail_similarity-layer-03-gate_proj")
    try expectGolden(tail.svg, matches: "\(tail.name)-6-experts.svg")
    let data = try #require(
      dataAlignmentHeatmaps(dataAlignment: TestTables.dataAlignment(count: 6)).first)
    #expect(data.name == "data_alignment-layer-03")
    try expectGolden(data.svg, matches: "\(data.name)-6-sequences.svg")
  }

  // MARK: Tails

  @Test("of tails are symmetric and readable", arguments: [2, 8, 60, 256])
  func tails(routed: Int) throws {
    let experts = TestTables.experts(routed)
    let table = TestTables.tailSimilarity(experts: experts) { a, b in
      a == 0 && b == 1 ? 0.2 : 0
    }
    let picture = try Picture(
      #require(tailSimilarityHeatmaps(tailSimilarity: table).first).svg)
    try picture.expectReadableTexts()
    let cells = try picture.cells()
    #expect(cells.colours[0][1] == "#fde725" && cells.colours[1][0] == "#fde725")
    #expect(cells.count(except: [Picture.neutral]) == routed * (routed - 1))
    let texts = picture.texts.joined(separator: " ")
    #expect(texts.hasPrefix("Layer 3 · gate_proj · hidden side · tail · mean cosine "))
    #expect(texts.contains("mean over the 93 bands after the first; random floor 0.0717"))
  }

  @Test("of tails and of leading subspaces can share one scale")
  func sharedScale() throws {
    let tails = TestTables.tailSimilarity(experts: ["0", "1"]) { _, _ in 0.35 }
    let leading = TestTables.similarity(experts: ["0", "1"]) { _, _ in 0.7 }
    #expect(tailSimilarityScaleMaximum(of: tails) == 0.35)
    let scale = max(tailSimilarityScaleMaximum(of: tails), similarityScaleMaximum(of: leading))
    #expect(scale == 0.7)
    let tail = try #require(
      tailSimilarityHeatmaps(tailSimilarity: tails, scaleMaximum: scale).first)
    #expect(
      try Picture(tail.svg).cells().colours[0][1] == ColourMap.viridis.colour(ofStep: 128).hex)
    // Twice the floor, rounded up, where the values are lower.
    let low = TestTables.tailSimilarity(experts: ["0", "1"], floor: 0.3) { _, _ in .nan }
    #expect(tailSimilarityScaleMaximum(of: low, tails) == 0.6)
    #expect(tailSimilarityScaleMaximum(of: Table(.tailSimilarity)) == 0)
  }

  // MARK: Gradients

  @Test("of gradients say so in title and name")
  func gradients() throws {
    let experts = ["0", "1", "shared"]
    var similarity = Table(TableDefinition.similarity.ofGradients)
    for (a, b) in [("0", "1"), ("0", "shared"), ("1", "shared")] {
      similarity.append(
        .integer(3), .text("up_proj"), .text("hidden"), .text(a), .text(b), .integer(15),
        .number(0.4), .number(0.2), .number(0.4), .number(0.4), .number(1), .number(0.07))
    }
    var energy = Table(TableDefinition.energy.ofGradients)
    energy.append(
      .integer(3), .text("up_proj"), .text("1"), .integer(15), .number(0.1), .number(9),
      .number(.nan), .number(1), .text("ill-separated"), .number(.nan))
    let leading = try #require(
      similarityHeatmaps(similarity: similarity, energy: energy).first)
    #expect(leading.name == "gradient_similarity-layer-03-up_proj-hidden")
    // The title is wide for so small a heatmap, and takes two lines.
    let words = try Picture(leading.svg).texts.joined(separator: " ")
    #expect(
      words.hasPrefix(
        """
        Layer 3 · gradients of up_proj · hidden side · top k = 15 · mean cosine \
        principal similarity of experts' gradients,
        """))
    #expect(words.contains("Ill-separated (the k-th direction is hardly defined): 1."))

    let tails = TestTables.tailSimilarity(
      TableDefinition.tailSimilarity.ofGradients, experts: experts)
    let tail = try #require(
      tailSimilarityHeatmaps(tailSimilarity: tails, largestLayer: 100).first)
    #expect(tail.name == "gradient_tail_similarity-layer-003-gate_proj")
    #expect(try Picture(tail.svg).texts[0].contains("gradients of gate_proj"))
  }

  // MARK: Sequences

  @Test("of sequences are in the order of their numbers", arguments: [2, 16, 100])
  func sequences(count: Int) throws {
    let table = TestTables.dataAlignment(count: count) { a, b in
      a == 0 && b == count - 1 ? 1 : 0
    }
    let picture = try Picture(#require(dataAlignmentHeatmaps(dataAlignment: table).first).svg)
    try picture.expectReadableTexts()
    let cells = try picture.cells()
    #expect(cells.colours[0][count - 1] == "#fde725" && cells.colours[count - 1][0] == "#fde725")
    #expect(cells.count(except: [Picture.neutral]) == count * (count - 1))
    #expect(picture.texts[0] == "Layer 3 · data alignment · top k = 2 · mean cosine")
    #expect(picture.texts.contains("Grey: a sequence with itself."))
    #expect(picture.texts.count { $0 == "sequence" } == 2)
    #expect(dataAlignmentScaleMaximum(of: table) == 1)
  }

  @Test("say when pairs have different floors")
  func floors() throws {
    let table = TestTables.dataAlignment(count: 3, floor: { a, _ in a == 0 ? 0.05 : 0.08 })
    let words = try Picture(#require(dataAlignmentHeatmaps(dataAlignment: table).first).svg)
      .texts.joined(separator: " ")
    #expect(words.contains("random floor 0.0500 to 0.0800"))
    #expect(words.contains("the mark shows the highest"))
  }

  @Test("without values are pale, without rows there are none, with markup as words")
  func degenerate() throws {
    #expect(tailSimilarityHeatmaps(tailSimilarity: Table(.tailSimilarity)).isEmpty)
    #expect(dataAlignmentHeatmaps(dataAlignment: Table(.dataAlignment)).isEmpty)
    let nothing = TestTables.dataAlignment(
      count: 3, value: { _, _ in .nan }, floor: { _, _ in .nan })
    let cells = try Picture(#require(dataAlignmentHeatmaps(dataAlignment: nothing).first).svg)
      .cells()
    #expect(cells.count(except: [Picture.neutral]) == 6)
    #expect(cells.colours[0][1] == Picture.missing)
    let hostile = TestTables.tailSimilarity(
      projection: "<script>", experts: ["0", "<b>&\"</b>", "1"])
    let picture = try Picture(
      #require(tailSimilarityHeatmaps(tailSimilarity: hostile).first).svg)
    #expect(picture.all("script").isEmpty && picture.all("b").isEmpty)
    #expect(picture.texts.count { $0 == "<b>&\"</b>" } == 2)
  }
}
