import Pictures
import TestSupport
import Testing

/// Checks pictures that are laid out for a page, and what becomes of them.
@Suite struct PictureSheetTests {
  static let style = PrintStyle(width: 238.11, fontSize: 8, hasTitle: true)

  static func sheet(_ count: Int, routed: Int = 12) -> PictureSheet {
    PictureSheet(
      title: "gate_proj · mean cosine", subtitle: "principal similarity of experts",
      panels: (0..<count).map {
        PictureSheet.Panel(
          caption: "Layer \($0)", picture: .heatmap(HeatmapTests.heatmap(routed: routed)))
      })
  }

  private func expectPrinted(_ sheet: PictureSheet, _ style: PrintStyle) throws -> DrawnPicture {
    let printed = sheet.printed(style)
    let picture = try DrawnPicture(printed.svg)
    try picture.expectReadableTexts()
    let root = try #require(picture.elements.first)
    #expect(root.attributes["width"] == "\(style.width)pt")
    // A unit of the view box is a point times this.
    let box = (root.attributes["viewBox"] ?? "").split(separator: " ").compactMap { Double($0) }
    let scale = style.width / box[2]
    for text in picture.all("text") {
      let size =
        text.attributes["font-size"] == nil ? style.fontSize : try text.number("font-size") * scale
      #expect(abs(size - style.fontSize) < 0.01, "\(text.words)")
    }
    return picture
  }

  @Test(
    "is as wide as asked with type of one size, and no words touch",
    arguments: [84.0, 174], [1, 3, 12])
  func size(millimetres: Double, count: Int) throws {
    for fontSize in [6.0, 8, 10] {
      let width = (millimetres * 72 / 25.4 * 100).rounded() / 100
      for hasTitle in [true, false] {
        let style = PrintStyle(width: width, fontSize: fontSize, hasTitle: hasTitle)
        let picture = try expectPrinted(Self.sheet(count, routed: 8), style)
        #expect(picture.texts.contains { $0.hasPrefix("gate_proj") } == hasTitle)
        #expect(picture.texts.count { $0.hasPrefix("floor ") } == 1)
      }
    }
  }

  @Test("heatmaps of a sheet have one colour bar, and cells of one size")
  func oneBar() throws {
    var sheet = Self.sheet(1, routed: 6)
    sheet.panels = [
      PictureSheet.Panel(
        caption: "top", picture: .heatmap(HeatmapTests.heatmap(routed: 6, shared: ["shared"]))),
      PictureSheet.Panel(caption: "tail", picture: .heatmap(HeatmapTests.heatmap(routed: 6))),
    ]
    sheet.columnCount = 2
    let picture = try expectPrinted(sheet, Self.style)
    #expect(picture.all("linearGradient").count == 1)
    let sizes =
      picture.elements.filter { $0.groupClass == "cells" }
      .map { $0.attributes["stroke-width"] } + picture.all("image").map { _ in nil }
    #expect(Set(sizes.map { $0 ?? "" }).count == 1)
    #expect(picture.texts.contains("shared") && picture.texts.contains("0"))
  }

  @Test("line charts of a sheet have one legend, and one vertical axis")
  func charts() throws {
    func chart(_ high: Double) -> LineChart {
      LineChart(
        title: "t", subtitle: "s", xTitle: "layer", xTicks: countingTicks(to: 8, atMost: 8),
        panels: [
          LineChart.Panel(
            yTitle: "value", startsAtZero: true,
            groups: [
              LineChart.Group(
                label: "one", colour: "#31688e", width: 1,
                lines: [(1...8).map { LineChart.Point(x: Double($0), y: high) }])
            ])
        ])
    }
    var sheet = Self.sheet(1)
    sheet.panels = [0.1, 0.8].map {
      PictureSheet.Panel(caption: "high \($0)", picture: .lines(chart($0)))
    }
    let picture = try expectPrinted(sheet, Self.style)
    #expect(picture.texts.count { $0 == "one" } == 1)
    let marks = try picture.verticalMarks()
    let axis = try #require(marks.first)
    let heights = try picture.lines().compactMap { line in
      try abs(line.points[0].y - position(of: 0.1, on: axis)) < 0.02 ? 0.1 : 0.8
    }
    #expect(heights == [0.1, 0.8])
  }

  @Test("colours run from the smallest number that is asked, and a floor beyond it has no mark")
  func range() throws {
    var heatmap = HeatmapTests.heatmap(routed: 4)
    heatmap.scaleMinimum = 0.2
    heatmap.scaleMaximum = 0.6
    heatmap.values = [0, 0.2, 0.6, 0.7] + [Double](repeating: 0.4, count: 12)
    let sheet = PictureSheet(.heatmap(heatmap))
    let picture = try expectPrinted(sheet, Self.style)
    let row = try picture.cells().colours[0]
    #expect(row[1] == "#440154" && row[2] == "#fde725" && row[3] == "#fde725")
    let words = picture.texts.joined(separator: " ")
    #expect(words.contains("Values above 0.6 have the last colour."))
    #expect(picture.texts.contains("0.20") || picture.texts.contains("0.2"))
  }

  @Test("cells without borders are pixels, eight for each, whatever their size")
  func pixels() throws {
    let picture = try expectPrinted(Self.sheet(1, routed: 60), Self.style)
    let image = try picture.pixels(try #require(picture.all("image").first))
    #expect(image.width == 480)
  }

  @Test("a PDF holds its fonts and no date; a PNG says how large its pixels are")
  func rendered() throws {
    let printed = Self.sheet(2).printed(Self.style)
    let pdf = try printed.pdf()
    #expect(pdf.starts(with: Array("%PDF-".utf8)))
    let text = String(decoding: pdf, as: UTF8.self)
    #expect(!text.contains("CreationDate"))
    #expect(text.contains("FontFile"))
    #expect(try printed.pdf() == pdf)
    let png = try printed.png(dotsPerInch: 300)
    func number(at place: Int) -> Int { png[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    #expect(number(at: 16) == 992)
    #expect(String(decoding: png[37..<41], as: UTF8.self) == "pHYs")
    #expect(number(at: 41) == 11811 && number(at: 45) == 11811 && png[49] == 1)
  }
}
