extension LineChart {
  /// The chart as an SVG picture.
  ///
  /// - Complexity: O(points) in time and memory; about twelve bytes of markup for each point.
  package func svg() -> String {
    let axes = panels.map(\.axis)
    let notes = allNotes
    let layout = ChartLayout(
      ChartLayout.Content(
        title: title, subtitle: subtitle, notes: notes, axes: axes,
        legends: panels.map(legend)))
    let drawn = panels.indices.flatMap { index in
      let area = layout.area(ofPanel: index)
      return layout.axes(ofPanel: index, xTitle: xTitle, marks: marks(in: area))
        + content(ofPanel: index, in: area) + layout.legend(ofPanel: index)
    }
    return SVGDocument(
      width: layout.width, height: layout.height, title: title,
      description: description(notes: notes), elements: layout.header + drawn + layout.notes
    ).markup
  }

  func description(notes: [String]) -> String {
    let contents = panels.map { panel in
      let kinds = panel.groups.map { group in
        group.spread.isEmpty ? "\(group.label): \(group.lines.count)" : group.label
      }.joined(separator: ", ")
      func text(_ value: Double?) -> String {
        guard let value else { return "nothing measured" }
        return panel.yScale == .linear ? trimmedText(value, places: 6) : shareText(value)
      }
      let name = panels.count > 1 ? "\(panel.axis.title). " : ""
      let values = panel.values
      let range = "Values from \(text(values.min())) to \(text(values.max()))."
      return "\(name)Lines by kind: \(kinds). \(range)"
    }
    return (["\(subtitle)."] + contents + notes).joined(separator: " ")
  }

  /// A sentence about the values for which a logarithmic axis has no place.
  private func omission(of panel: Panel, axis: ValueAxis) -> String? {
    let count = panel.values.count { !axis.holds($0) }
    guard count > 0, let lowest = axis.ticks.first else { return nil }
    return """
      Not drawn, because the logarithmic axis ends at \(lowest.label): \(count) smaller \
      value\(count == 1 ? "" : "s") of \(panel.yTitle), zeros included.
      """
  }

  /// The sentences below the picture, with those about what is not drawn.
  var allNotes: [String] { notes + panels.compactMap { omission(of: $0, axis: $0.axis) } }

  /// The marks of the horizontal axis: where not all labels have room, those of powers of ten.
  func marks(in area: PlotArea) -> [PlotArea.Mark] {
    let range = xRange
    func marks(_ ticks: [Tick]) -> [PlotArea.Mark] {
      ticks.map { PlotArea.Mark(x: x($0.value, range, area), label: $0.label) }
    }
    let all = marks(xTicks)
    guard xScale == .logarithmic, area.markLabels(all).count < all.count else { return all }
    return marks(xTicks.filter { $0.label.first == "1" })
  }

  /// The lines of a panel.
  func content(ofPanel panel: Int, in area: PlotArea) -> [SVGElement] {
    let range = xRange
    func place(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
      (self.x(x, range, area), area.y(y))
    }
    let marked = uprights.filter { range.contains($0.x) }.map {
      vertical(x($0.x, range, area), area.top, length: area.height)
    }
    let upright =
      marked.isEmpty
      ? []
      : [
        SVGElement(
          "g", ["class": "uprights", "fill": "none", "stroke": .text(Ink.quietText)],
          children: [
            SVGElement("path", ["stroke-dasharray": "2 3", "d": .text(marked.joined())])
          ])
      ]
    let groups = panels[panel].groups.flatMap { group in
      let areas = group.areas(axis: area.axis, place: place)
      let paths = group.lines.map { path(of: $0, axis: area.axis, place: place) }
      return areas + (paths.isEmpty ? [] : [group.element(paths: paths)])
    }
    return upright + groups
  }

  /// The entries of a panel's legend.
  func legend(of panel: Panel) -> [LegendEntry] {
    panel.groups.map(\.legendEntry)
      + uprights.map {
        LegendEntry(
          $0.label, .line(colour: Ink.quietText, width: 1, opacity: 1, dashes: "2 3"))
      }
  }

  private func x(_ value: Double, _ range: ClosedRange<Double>, _ area: PlotArea) -> Double {
    area.left + xScale.share(of: value, in: range) * area.width
  }

  private func path(
    of line: [Point], axis: ValueAxis, place: (Double, Double) -> (x: Double, y: Double)
  ) -> String {
    line.split { !axis.holds($0.y) }.map { piece in
      let places = piece.map { next in
        let (x, y) = place(next.x, next.y)
        return point(x, y)
      }
      // A point alone becomes a dot: a line of no length with round ends.
      return "M" + places.joined(separator: "L") + (places.count == 1 ? "h0" : "")
    }.joined()
  }
}

extension LineChart.Group {
  fileprivate var legendEntry: LegendEntry {
    spread.isEmpty
      ? LegendEntry(label, .line(colour: colour, width: width, opacity: opacity, dashes: dashes))
      : LegendEntry("\(label): range, middle half", .area(colour: colour))
  }

  /// The range of the spread and, darker within it, the middle half.
  fileprivate func areas(
    axis: ValueAxis, place: (Double, Double) -> (x: Double, y: Double)
  ) -> [SVGElement] {
    guard !spread.isEmpty else { return [] }
    // What a logarithmic axis has no place for ends at the axis.
    let lowest = axis.range.lowerBound
    func area(
      _ low: KeyPath<LineChart.Spread, Double>, _ high: KeyPath<LineChart.Spread, Double>,
      opacity: Double
    ) -> SVGElement {
      func corner(_ spread: LineChart.Spread, _ value: Double) -> String {
        let (x, y) = place(spread.x, max(value, lowest))
        return point(x, y)
      }
      let there = spread.map { corner($0, $0[keyPath: high]) }
      let back = spread.reversed().map { corner($0, $0[keyPath: low]) }
      return SVGElement(
        "path",
        [
          "d": .text("M" + (there + back).joined(separator: "L") + "z"),
          "fill-opacity": .number(opacity),
        ])
    }
    return [
      SVGElement(
        "g", ["class": "spread", "fill": .text(colour)],
        children: [
          area(\.least, \.most, opacity: 0.22), area(\.lower, \.upper, opacity: 0.4),
        ])
    ]
  }

  fileprivate func element(paths: [String]) -> SVGElement {
    SVGElement(
      "g",
      [
        "class": "lines", "fill": "none", "stroke": .text(colour),
        "stroke-width": .number(width), "stroke-opacity": .number(opacity),
        "stroke-dasharray": .text(dashes.isEmpty ? "none" : dashes),
        "stroke-linejoin": "round", "stroke-linecap": "round",
      ],
      children: paths.map { SVGElement("path", ["d": .text($0)]) })
  }
}
