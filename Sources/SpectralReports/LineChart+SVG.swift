extension LineChart {
  /// The chart as an SVG picture.
  ///
  /// - Complexity: O(points) in time and memory; about twelve bytes of markup for each point.
  func svg() -> String {
    let axes = panels.map(\.axis)
    let notes = notes + zip(panels, axes).compactMap(omission)
    let layout = ChartLayout(
      ChartLayout.Content(
        title: title, subtitle: subtitle, notes: notes, axes: axes,
        legends: panels.map { $0.groups.map(\.legendEntry) }))
    let xRange = xRange
    let marks = xTicks.map { ChartLayout.Mark(x: x($0.value, xRange, layout), label: $0.label) }
    let drawn = panels.enumerated().flatMap { index, panel in
      layout.axes(ofPanel: index, xTitle: xTitle, marks: marks)
        + panel.groups.map { group in
          group.element(
            paths: group.lines.map { line in
              path(of: line, axis: axes[index]) { point in
                (x(point.x, xRange, layout), layout.y(point.y, inPanel: index))
              }
            })
        } + layout.legend(ofPanel: index)
    }
    return SVGDocument(
      width: layout.width, height: layout.height, title: title,
      description: description(notes: notes), elements: layout.header + drawn + layout.notes
    ).markup
  }

  private func description(notes: [String]) -> String {
    let contents = panels.map { panel in
      let kinds = panel.groups.map { "\($0.label): \($0.lines.count)" }.joined(separator: ", ")
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

  private func x(_ value: Double, _ range: ClosedRange<Double>, _ layout: ChartLayout) -> Double {
    layout.plotLeft + xScale.share(of: value, in: range) * layout.plotWidth
  }

  private func path(
    of line: [Point], axis: ValueAxis, place: (Point) -> (x: Double, y: Double)
  ) -> String {
    line.split { !axis.holds($0.y) }.map { piece in
      let places = piece.map { next in
        let (x, y) = place(next)
        return point(x, y)
      }
      // A point alone becomes a dot: a line of no length with round ends.
      return "M" + places.joined(separator: "L") + (places.count == 1 ? "h0" : "")
    }.joined()
  }
}

extension LineChart.Group {
  fileprivate var legendEntry: LegendEntry {
    LegendEntry(label, .line(colour: colour, width: width, opacity: opacity, dashes: dashes))
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
