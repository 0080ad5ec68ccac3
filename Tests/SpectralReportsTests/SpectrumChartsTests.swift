import Experts
import Findings
import SpectralReports
import Testing
import TestSupport

/// Checks the contract of `spectrumCharts`.
@Suite struct SpectrumChartsTests {
  static func picture(_ table: Table) throws -> DrawnPicture {
    let figures = spectrumCharts(spectrum: table)
    #expect(figures.count == 1)
    let picture = try DrawnPicture(#require(figures.first).svg)
    try picture.expectReadableTexts()
    return picture
  }

  /// The lines of the groups, in the order of drawing.
  static func lines(_ picture: DrawnPicture) -> [(colour: String?, path: String)] {
    picture.elements.filter { $0.name == "path" && $0.groupClass == "lines" }
      .map { ($0.attributes["stroke"], $0.attributes["d"] ?? "") }
  }

  static func table(_ rows: [(expert: String, index: Int, sigma: Double)]) -> Table {
    var table = Table(.spectrum)
    for row in rows {
      table.append(
        Spectrum.layer(0), Spectrum.projection(.up), Spectrum.expert(ExpertName(row.expert)),
        Spectrum.index(row.index), Spectrum.sigma(row.sigma))
    }
    return table
  }

  @Test("matches the golden picture")
  func golden() throws {
    let experts = expertNames(6, shared: ["shared0", "shared1"])
    let figure = try #require(
      spectrumCharts(spectrum: TestTables.spectrum(experts: experts, count: 8)).first)
    #expect(figure.name == "spectrum-layer-00-gate_proj")
    try expectGolden(figure.svg, matches: "\(figure.name)-6-experts.svg")
  }

  @Test("have a line for each expert and one for the median", arguments: [1, 4, 12, 60])
  func lineCounts(routed: Int) throws {
    let experts = expertNames(routed, shared: ["shared"])
    let picture = try Self.picture(TestTables.spectrum(experts: experts))
    let lines = Self.lines(picture)
    #expect(lines.count == routed + 2)
    #expect(lines.count { $0.colour == "#d55e00" } == 1)
    #expect(lines.allSatisfy { $0.path.split(separator: "L").count == 16 })
    #expect(picture.texts.contains("median of the routed"))
    #expect(picture.texts.contains("shared"))
    #expect(picture.texts.contains("\(routed) routed expert\(routed == 1 ? "" : "s")"))
    #expect(picture.texts.first == "Layer 0 · gate_proj · top 16 singular values")
  }

  @Test("draw the median of the routed experts alone")
  func median() throws {
    let first: [(expert: String, index: Int, sigma: Double)] = [
      ("0", 1, 1), ("1", 1, 2), ("2", 1, 6), ("3", 1, 4), ("shared", 1, 8),
    ]
    let rows = first + first.map { (expert: $0.expert, index: 2, sigma: 0) }
    let lines = Self.lines(try Self.picture(Self.table(rows)))
    func height(_ place: Int) throws -> Double {
      let start = lines[place].path.dropFirst().split(separator: "L")[0]
      return try #require(Double(start.split(separator: " ")[1]))
    }
    // Experts 0 to 3, the median, the shared one: the median of 1, 2, 4 and 6 is 3.
    let one = try height(0)
    let two = try height(1)
    #expect(abs(try height(4) - (one + 2 * (two - one))) < 0.03)
  }

  @Test("interrupt a line where a value is missing, and show a lone value as a dot")
  func gaps() throws {
    let rows = [1.0, .nan, 3, 2].enumerated().map { place, sigma in
      (expert: "0", index: place + 1, sigma: sigma)
    }
    let path = try #require(Self.lines(try Self.picture(Self.table(rows))).first).path
    #expect(path.count { $0 == "M" } == 2)
    #expect(path.count { $0 == "L" } == 1)
    #expect(path.contains("h0M"))
    #expect(!path.contains("n"))
  }

  @Test("start at 0, or say that they do not")
  func verticalAxis() throws {
    let far = [(expert: "0", index: 1, sigma: 9.9), (expert: "0", index: 2, sigma: 9.7)]
    let cut = try Self.picture(Self.table(far)).texts
    #expect(cut.contains("singular value; the axis does not start at 0"))
    #expect(!cut.contains("0"))
    let whole = try Self.picture(Self.table(far + [(expert: "0", index: 3, sigma: 1)])).texts
    #expect(whole.contains("singular value"))
    #expect(whole.contains("0"))
  }

  @Test("survive what is not a spectrum", arguments: [0, .nan, .infinity, 1e-300, 1e300])
  func degenerate(sigma: Double) throws {
    let table = Self.table([(expert: "0", index: 1, sigma: sigma)])
    let figure = try #require(spectrumCharts(spectrum: table).first)
    #expect(try DrawnPicture(figure.svg).all("svg").count == 1)
    #expect(spectrumCharts(spectrum: Table(.spectrum)).isEmpty)
  }

  @Test("keep markup in names as words")
  func injection() throws {
    let table = TestTables.spectrum(experts: ["0", "<b>&\"</b>"])
    let picture = try Self.picture(table)
    #expect(picture.all("script").isEmpty && picture.all("b").isEmpty)
    #expect(picture.texts.contains("<b>&\"</b>"))
  }

  // MARK: Whole spectra

  @Test("of more than 64 values have logarithmic axes", arguments: [64, 65])
  func axes(count: Int) throws {
    let rows = (1...count).map { (expert: "0", index: $0, sigma: 8 / Double($0 * $0)) }
    let picture = try Self.picture(Self.table(rows))
    #expect(picture.texts.contains("index of the singular value, logarithmic") == (count > 64))
    guard count > 64 else { return }
    let across = try picture.horizontalMarks()
    #expect(across.map(\.value) == [1, 2, 5, 10, 20, 50])
    let upright = try #require(picture.verticalMarks().first)
    #expect(upright.map(\.value) == [0.001, 0.01, 0.1, 1, 10])
    // A power law is a straight line between its ends.
    let points = picture.lines()[0].points
    let first = try #require(points.first)
    let last = try #require(points.last)
    for point in points {
      let share = (point.x - first.x) / (last.x - first.x)
      #expect(abs(point.y - (first.y + share * (last.y - first.y))) < 0.02)
    }
  }

  @Test("of 60 experts and 1408 values stay under 400 kB, and leave zeros out with a note")
  func wholeSpectra() throws {
    let experts = expertNames(60, shared: ["shared"])
    var table = TestTables.spectrum(experts: experts, count: 1407)
    for expert in experts {
      table.append(
        Spectrum.layer(0), Spectrum.projection(.gate), Spectrum.expert(ExpertName(expert)),
        Spectrum.index(1408), Spectrum.sigma(0))
    }
    let figure = try #require(spectrumCharts(spectrum: table).first)
    #expect(figure.svg.utf8.count < 400_000)
    let picture = try DrawnPicture(figure.svg)
    try picture.expectReadableTexts()
    let words = picture.texts.joined(separator: " ")
    #expect(words.contains(" of 1408 singular values: all up to "))
    // Those of the 60 routed experts, of their median and of the shared one.
    #expect(words.contains("62 smaller values of singular value, zeros included."))
    #expect(picture.lines().count == 62)
  }

  @Test("of gradients say so in title and name")
  func gradients() throws {
    var table = Table(TableDefinition.spectrum.ofGradients)
    table.append(
      Spectrum.layer(2), Spectrum.projection(.up), Spectrum.expert(ExpertName("0")),
      Spectrum.index(1), Spectrum.sigma(0.5))
    let figure = try #require(spectrumCharts(spectrum: table).first)
    #expect(figure.name == "gradient_spectrum-layer-02-up_proj")
    let texts = try DrawnPicture(figure.svg).texts
    #expect(texts[0] == "Layer 2 · gradients of up_proj · top 1 singular values")
    #expect(texts[1].contains("experts' gradients"))
  }
}
