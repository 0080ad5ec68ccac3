import Experts
import Findings
import Pictures
import SpectralReports
import Testing
import TestSupport

/// Checks the contract of `similarityHeatmaps` and of the scale that its figures share.
@Suite struct SimilarityHeatmapsTests {
  static func figure(
    _ table: Table, energy: Table = Table(.energy), scaleMaximum: Double? = nil
  ) throws -> Figure {
    let figures = similarityHeatmaps(
      similarity: table, energy: energy, scaleMaximum: scaleMaximum)
    #expect(figures.count == 1)
    return try #require(figures.first)
  }

  // MARK: Golden

  @Test("matches the golden pictures", arguments: [(4, ["shared"]), (16, ["shared0", "shared1"])])
  func golden(routed: Int, shared: [String]) throws {
    let experts = expertNames(routed, shared: shared)
    let figure = try Self.figure(
      TestTables.similarity(layers: [3], experts: experts),
      energy: TestTables.energy(layer: 3, experts: experts, flagged: ["1", "shared"]))
    try expectGolden(figure.svg, matches: "\(figure.name)-\(routed)-experts.svg")
  }

  // MARK: Names and titles

  @Test("come one for each layer and projection, in order, with names that sort")
  func names() {
    let table = TestTables.similarity(
      layers: [0, 7, 103], projections: [.down, .gate], sides: [.hidden, .neuron],
      experts: ["0", "1", "2"])
    let hidden = similarityHeatmaps(similarity: table, energy: Table(.energy)).map(\.name)
    #expect(
      hidden == [
        "similarity-layer-000-gate_proj-hidden", "similarity-layer-000-down_proj-hidden",
        "similarity-layer-007-gate_proj-hidden", "similarity-layer-007-down_proj-hidden",
        "similarity-layer-103-gate_proj-hidden", "similarity-layer-103-down_proj-hidden",
      ])
    let neuron = similarityHeatmaps(similarity: table, energy: Table(.energy), side: .neuron)
    #expect(neuron.map(\.name) == hidden.map { $0.replacing("hidden", with: "neuron") })
  }

  @Test("of a single unit have the run's digits when its largest layer is given")
  func layerDigits() {
    let table = TestTables.similarity(experts: ["0", "1"])
    let names = [nil, 9, 99, 100].map { largest in
      similarityHeatmaps(similarity: table, energy: Table(.energy), largestLayer: largest)
        .map(\.name).joined()
    }
    let short = "similarity-layer-00-gate_proj-hidden"
    #expect(names == [short, short, short, "similarity-layer-000-gate_proj-hidden"])
  }

  @Test("say layer, projection, side, k, measure and floor")
  func titles() throws {
    let table = TestTables.similarity(layers: [3], experts: expertNames(8))
    let texts = try DrawnPicture(Self.figure(table).svg).texts
    #expect(texts.first == "Layer 3 · gate_proj · hidden side · top k = 15 · mean cosine")
    #expect(
      texts.dropFirst().first
        == "principal similarity of experts, mean cosine of principal angles; random floor 0.0717")
  }

  @Test("name the experts that the energy table flags, of their own unit only")
  func illSeparated() throws {
    let experts = expertNames(30)
    let table = TestTables.similarity(experts: experts)
    func notes(_ energy: Table) throws -> String {
      try DrawnPicture(Self.figure(table, energy: energy).svg).texts.joined(separator: " ")
    }
    let few = TestTables.energy(experts: experts, flagged: ["10", "9"])
    #expect(try notes(few).contains("Ill-separated (the k-th direction is hardly defined): 9, 10."))
    let many = TestTables.energy(experts: experts, flagged: Set(experts))
    #expect(try notes(many).contains("9, 10, 11 and 18 more."))
    let elsewhere = TestTables.energy(layer: 1, experts: experts, flagged: ["10"])
    #expect(try !notes(elsewhere).contains("Ill-separated"))
  }

  // MARK: Cells

  @Test("are symmetric, and every value has its colour")
  func plantedValues() throws {
    let experts = expertNames(12, shared: ["shared"])
    // 0.35 of 0.7 is step 128 of 255; the shared expert's pairs lie at the end of the scale.
    let table = TestTables.similarity(experts: experts) { a, b in
      b == 12 ? 0.7 : (a == 2 && b == 10 ? 0.35 : 0)
    }
    let cells = try DrawnPicture(Self.figure(table, scaleMaximum: 0.7).svg).cells().colours
    #expect(cells[2][10] == ColourMap.viridis.colour(ofStep: 128).hex)
    #expect(cells[10][2] == cells[2][10])
    #expect(cells[2][9] == "#440154")
    for place in 0..<12 {
      #expect(cells[place][12] == "#fde725" && cells[12][place] == "#fde725")
      #expect(cells[place][place] == DrawnPicture.neutral)
    }
  }

  @Test("put routed experts in the order of their numbers and shared ones last")
  func expertOrder() throws {
    let experts = ["shared10", "10", "2", "shared9", "0"]
    let texts = try DrawnPicture(Self.figure(TestTables.similarity(experts: experts)).svg).texts
    let rows = texts.filter(experts.contains)
    let order = ["0", "2", "10", "shared9", "shared10"]
    #expect(rows.filter { $0 != "0" }.prefix(4) == order.dropFirst().prefix(4))
  }

  @Test("do not depend on the order of rows, and are the same each time")
  func determinism() throws {
    let experts = expertNames(5, shared: ["shared"])
    let table = TestTables.similarity(experts: experts)
    var reversed = Table(.similarity)
    for row in (0..<table.rowCount).reversed() {
      reversed.append(
        Similarity.layer(0), Similarity.projection(.gate), Similarity.side(.hidden),
        Similarity.expertA(table[Similarity.expertA][row]),
        Similarity.expertB(table[Similarity.expertB][row]), Similarity.k(15),
        Similarity.meanCosine(table[Similarity.meanCosine][row]), Similarity.overlap(0),
        Similarity.maxCosine(0), Similarity.minCosine(0), Similarity.geodesic(0),
        Similarity.floorMeanCosine(TestTables.floor))
    }
    #expect(try Self.figure(table).svg == Self.figure(table).svg)
    #expect(try Self.figure(reversed) == Self.figure(table))
  }

  @Test("of 60 experts and a shared one stay under 60 kB")
  func size() throws {
    let experts = expertNames(60, shared: ["shared"])
    let figure = try Self.figure(TestTables.similarity(experts: experts))
    #expect(figure.svg.utf8.count < 60_000)
    let cells = try DrawnPicture(figure.svg).cells()
    #expect(cells.count(except: [DrawnPicture.neutral]) == 61 * 61 - 61)
  }

  // MARK: Hostile names

  @Test("keep markup in names as words")
  func injection() throws {
    let hostile = "<script>\"&"
    let table = TestTables.similarity(
      experts: ["0", "1", hostile])
    let figure = try Self.figure(table)
    #expect(!figure.svg.contains("<script"))
    let picture = try DrawnPicture(figure.svg)
    #expect(picture.all("script").isEmpty)
    #expect(picture.texts.count { $0 == hostile } == 2)
    try picture.expectReadableTexts()
  }

  // MARK: Scale

  @Test("share a round scale that holds every value and twice the floor, at most 1")
  func scaleMaximum() {
    func scale(_ mean: Double, floor: Double) -> Double {
      similarityScaleMaximum(
        of: TestTables.similarity(experts: ["0", "1", "shared"], floor: floor) { _, _ in mean })
    }
    #expect(scale(0.62, floor: 0.07) == 0.7)
    #expect(scale(0.1, floor: 0.07) == 0.14)
    #expect(scale(0.1, floor: 0.0717) == 0.16)
    #expect(scale(0.97, floor: 0.07) == 1)
    #expect(scale(1, floor: 0.9) == 1)
    #expect(scale(0.3, floor: .nan) == 0.3)
    #expect(scale(.nan, floor: .nan) == 0)
  }

  @Test("have a scale that leaves other sides out and composes over units")
  func scaleOfUnits() {
    let low = TestTables.similarity(sides: [.hidden], experts: ["0", "1"]) { _, _ in 0.21 }
    let high = TestTables.similarity(sides: [.neuron], experts: ["0", "1"]) { _, _ in 0.83 }
    #expect(similarityScaleMaximum(of: low, high) == 0.25)
    #expect(similarityScaleMaximum(of: low, high, side: .neuron) == 1)
    #expect(similarityScaleMaximum(of: high) == 0)
    let parts = [low, high].map { similarityScaleMaximum(of: $0) }
    #expect(parts.max() == similarityScaleMaximum(of: low, high))
  }

  @Test("without pairs there is no figure")
  func empty() {
    #expect(similarityHeatmaps(similarity: Table(.similarity), energy: Table(.energy)).isEmpty)
  }
}
