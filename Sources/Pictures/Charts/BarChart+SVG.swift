extension BarChart {
  /// The chart as an SVG picture.
  ///
  /// - Precondition: Every series has a bar for each category.
  /// - Complexity: O(bars) in time and memory; about thirty bytes of markup for each bar.
  package func svg() -> String {
    precondition(
      panels.allSatisfy { $0.series.allSatisfy { $0.bars.count == categories.count } },
      "a bar chart needs a bar for each category")
    let labels = labels(pitch: pitch)
    let overhang = labels.map { textWidth($0.text, size: TypeSize.label) / 2 - $0.position }
    let layout = ChartLayout(
      ChartLayout.Content(
        title: title, subtitle: subtitle, notes: allNotes, axes: panels.map(\.axis),
        legends: panels.map(\.legend),
        plotWidth: pitch * Double(categories.count), overhang: overhang.max() ?? 0))
    let drawn = panels.indices.flatMap { index in
      let area = layout.area(ofPanel: index)
      return layout.axes(ofPanel: index, xTitle: xTitle, marks: marks(in: area))
        + content(ofPanel: index, in: area) + layout.legend(ofPanel: index)
    }
    return SVGDocument(
      width: layout.width, height: layout.height, title: title, description: description,
      elements: layout.header + drawn + layout.notes
    ).markup
  }

  private func labels(pitch: Double) -> [AxisLabels.Label] {
    AxisLabels(categories, separatedCount: 0, cell: pitch, gap: 0, direction: .columns).labels
  }

  /// The marks of the horizontal axis: the categories that have room for their labels.
  func marks(in area: PlotArea) -> [PlotArea.Mark] {
    labels(pitch: pitch(in: area)).map {
      PlotArea.Mark(x: area.left + $0.position, label: $0.text)
    }
  }

  /// The bars of a panel, and its level across them.
  func content(ofPanel panel: Int, in area: PlotArea) -> [SVGElement] {
    bars(ofPanel: panel, area) + level(ofPanel: panel, area)
  }

  var description: String {
    let contents = panels.map { panel in
      let names = panel.series.map(\.label).joined(separator: ", ")
      let values = panel.series.flatMap(\.bars).map(\.value).filter(\.isFinite)
      guard let low = values.min(), let high = values.max() else {
        return "\(panel.yTitle), \(names): nothing measured."
      }
      return "\(panel.yTitle), \(names): from \(shareText(low)) to \(shareText(high))."
    }
    let size = "Bar chart of \(categories.count): \(xTitle)."
    return (["\(subtitle).", size] + contents + allNotes).joined(separator: " ")
  }

  private func bars(ofPanel panel: Int, _ area: PlotArea) -> [SVGElement] {
    let zero = area.y(0)
    let barWidth = self.barWidth(pitch: pitch(in: area))
    var whiskers = ""
    let bars = panels[panel].series.enumerated().map { place, series in
      var path = ""
      for (category, bar) in series.bars.enumerated() where bar.value.isFinite {
        let left =
          area.left + offset(ofCategory: category, series: place, pitch: pitch(in: area))
        let height = zero - area.y(bar.value)
        let width = trimmedText(barWidth, places: 2)
        path += "M\(point(left, zero))v\(trimmedText(-height, places: 2))h\(width)"
        path += "v\(trimmedText(height, places: 2))z"
        guard let spread = bar.spread else { continue }
        whiskers += whisker(
          x: left + barWidth / 2, top: area.y(spread.upperBound),
          bottom: area.y(spread.lowerBound), barWidth: barWidth)
      }
      return SVGElement(
        "g", ["class": "bars", "fill": .text(series.colour)],
        children: path.isEmpty ? [] : [SVGElement("path", ["d": .text(path)])])
    }
    guard !whiskers.isEmpty else { return bars }
    let stroke =
      barWidth < 6
      ? SVGElement.stroke(whiskers, colour: Ink.quietText, width: 0.75)
      : SVGElement.stroke(whiskers, colour: Ink.text, width: 1.25)
    return bars + [SVGElement("g", ["class": "whiskers"], children: [stroke])]
  }

  private func whisker(
    x: Double, top: Double, bottom: Double, barWidth: Double
  ) -> String {
    let cap = min(8, barWidth * 0.6)
    let line = vertical(x, top, length: bottom - top)
    // Caps on bars this narrow would run into one another.
    guard barWidth >= 6 else { return line }
    return line + horizontal(x - cap / 2, top, length: cap)
      + horizontal(x - cap / 2, bottom, length: cap)
  }

  private func level(ofPanel panel: Int, _ area: PlotArea) -> [SVGElement] {
    guard let level = panels[panel].level, level.value.isFinite else { return [] }
    let across = horizontal(area.left, area.y(level.value), length: area.width)
    func line(_ colour: String, _ width: Double, _ dashes: String) -> SVGElement {
      SVGElement(
        "path",
        [
          "d": .text(across), "stroke": .text(colour), "stroke-width": .number(width),
          "stroke-dasharray": .text(dashes),
        ])
    }
    // The white edge keeps the line in sight on dark bars.
    return [
      SVGElement(
        "g", ["class": "level", "fill": "none"],
        children: [line("#ffffff", 3.5, "none"), line(Ink.text, 1.5, "6 5")])
    ]
  }
}

extension BarChart.Panel {
  /// The entries of the legend.
  var legend: [LegendEntry] {
    var entries = series.map { LegendEntry($0.label, .bar(colour: $0.colour)) }
    if let whiskerLabel { entries.append(LegendEntry(whiskerLabel, .whisker)) }
    if let level, level.value.isFinite {
      entries.append(
        LegendEntry(
          level.label, .line(colour: Ink.text, width: 1.5, opacity: 1, dashes: "6 5")))
    }
    return entries
  }
}
