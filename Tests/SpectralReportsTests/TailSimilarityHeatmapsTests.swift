import Experts
import Findings
import Pictures
import SpectralReports
import Testing
import TestSupport

/// Checks the contract of `tailSimilarityHeatmaps`, and of the scale that it shares.
@Suite struct TailSimilarityHeatmapsTests {
  @Test("match the golden picture")
  func golden() throws {
    let tail = try #require(
      tailSimilarityHeatmaps(
        tailSimilarity: TestTables.tailSimilarity(experts: expertNames(6))
      ).first)
    #expect(tail.name == "tail_similarity-layer-03-gate_proj")
    try expectGolden(tail.svg, matches: "\(tail.name)-6-experts.svg")
  }

  @Test("of tails are symmetric and readable", arguments: [2, 8, 60, 256])
  func tails(routed: Int) throws {
    let experts = expertNames(routed)
    let table = TestTables.tailSimilarity(experts: experts) { a, b in
      a == 0 && b == 1 ? 0.2 : 0
    }
    let picture = try DrawnPicture(
      #require(tailSimilarityHeatmaps(tailSimilarity: table).first).svg)
    try picture.expectReadableTexts()
    let cells = try picture.cells()
    #expect(cells.colours[0][1] == "#fde725" && cells.colours[1][0] == "#fde725")
    #expect(cells.count(except: [DrawnPicture.neutral]) == routed * (routed - 1))
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
      try DrawnPicture(tail.svg).cells().colours[0][1] == ColourMap.viridis.colour(ofStep: 128).hex)
    // Twice the floor, rounded up, where the values are lower.
    let low = TestTables.tailSimilarity(experts: ["0", "1"], floor: 0.3) { _, _ in .nan }
    #expect(tailSimilarityScaleMaximum(of: low, tails) == 0.6)
    #expect(tailSimilarityScaleMaximum(of: Table(.tailSimilarity)) == 0)
  }

  @Test("of gradients say so in title and name")
  func gradients() throws {
    let experts = ["0", "1", "shared"]
    var similarity = Table(TableDefinition.similarity.ofGradients)
    for (a, b) in [("0", "1"), ("0", "shared"), ("1", "shared")] {
      similarity.append(
        Similarity.layer(3), Similarity.projection(.up), Similarity.side(.hidden),
        Similarity.expertA(ExpertName(a)), Similarity.expertB(ExpertName(b)), Similarity.k(15),
        Similarity.meanCosine(0.4), Similarity.overlap(0.2), Similarity.maxCosine(0.4),
        Similarity.minCosine(0.4), Similarity.geodesic(1), Similarity.floorMeanCosine(0.07))
    }
    var energy = Table(TableDefinition.energy.ofGradients)
    energy.append(
      Energy.layer(3), Energy.projection(.up), Energy.expert(ExpertName("1")), Energy.k(15),
      Energy.energyTop(0.1), Energy.stableRank(9), Energy.effectiveRank(.nan), Energy.gap(1),
      Energy.flag(.illSeparated), Energy.tokens(.nan))
    let leading = try #require(
      similarityHeatmaps(similarity: similarity, energy: energy).first)
    #expect(leading.name == "gradient_similarity-layer-03-up_proj-hidden")
    // The title is wide for so small a heatmap, and takes two lines.
    let words = try DrawnPicture(leading.svg).texts.joined(separator: " ")
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
    #expect(try DrawnPicture(tail.svg).texts[0].contains("gradients of gate_proj"))
  }

  @Test("without rows there are none, with markup as words")
  func degenerate() throws {
    #expect(tailSimilarityHeatmaps(tailSimilarity: Table(.tailSimilarity)).isEmpty)
    let hostile = TestTables.tailSimilarity(
      experts: ["0", "<b>&\"</b>", "1"])
    let picture = try DrawnPicture(
      #require(tailSimilarityHeatmaps(tailSimilarity: hostile).first).svg)
    #expect(picture.all("script").isEmpty && picture.all("b").isEmpty)
    #expect(picture.texts.count { $0 == "<b>&\"</b>" } == 2)
  }
}
