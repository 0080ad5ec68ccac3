public import Findings
internal import Pictures

extension FigureKind {
  /// Similarity and energy band by band.
  static let bands = FigureKind(
    of: .bands, in: .dominant, paperFigure: "1a", shows: "similarity and energy band by band"
  ) {
    bandCharts(bands: $0.table, largestLayer: $0.largestLayer)
  }

  /// The same of gradients.
  static let gradientBands = bands.ofGradients(
    paperFigure: "2a",
    shows: "how alike the leading directions of experts' gradients are, band by band")
}

/// Draws the band profile of each layer and projection: how alike the experts are band by band,
/// above how much of their energy the bands hold.
///
/// The axis of bands is logarithmic and counts from 1, and so is the axis of energy.
///
/// - Parameters:
///   - bands: A table in the form of `TableDefinition.bands` or of its `ofGradients`, a whole run
///     or a part of one.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure with two panels for each layer and projection, in their order, named like
///   `bands-layer-00-gate_proj` or `gradient_bands-layer-00-gate_proj`. The random floor of the
///   similarity is dashed.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows)
public func bandCharts(bands: Table, largestLayer: Int? = nil) -> [Figure] {
  let columns = BandColumns(bands)
  return bands.figures(largestLayer: largestLayer) { _, title, rows in
    .lines(columns.chart(of: rows, unitTitle: title))
  }
}

/// The columns of a table of bands.
private struct BandColumns {
  let things: String
  let bands: [Int]
  let ranks: [Int]
  let means: [Double]
  let energies: [Double]
  let floors: [Double]

  init(_ table: Table) {
    things = table.definition.isOfGradients ? "two experts' gradients" : "two experts"
    bands = table[Bands.band]
    ranks = table[Bands.k]
    means = table[Bands.meanCosine]
    energies = table[Bands.energy]
    floors = table[Bands.floorMeanCosine]
  }

  func chart(of rows: [Int], unitTitle: String) -> LineChart {
    let rows = rows.filter { bands[$0] >= 0 }.sorted { bands[$0] < bands[$1] }
    func points(_ values: [Double]) -> [LineChart.Point] {
      rows.map { LineChart.Point(x: Double(bands[$0] + 1), y: values[$0]) }
    }
    func group(_ label: String, _ colour: String, _ values: [Double]) -> LineChart.Group {
      LineChart.Group(label: label, colour: colour, width: 2, lines: [points(values)])
    }
    let rank = rows.first.map { ranks[$0] } ?? 0
    return LineChart(
      title: "\(unitTitle) · hidden side · bands of \(directions(rank))",
      subtitle: "similarity of \(things) band by band, and the share of energy in each band",
      xTitle: "band, counted from 1, the leading directions first, logarithmic",
      xScale: .logarithmic,
      xTicks: logarithmicCountingTicks(to: (rows.map { bands[$0] }.max() ?? 0) + 1),
      panels: [
        LineChart.Panel(
          yTitle: "mean cosine", startsAtZero: true,
          groups: [group("mean over pairs of experts", "#31688e", means)]
            + LineChart.Group.floor("random floor", points(floors))),
        LineChart.Panel(
          yTitle: "share of energy", yScale: .logarithmic,
          groups: [group("mean over experts", "#d55e00", energies)]),
      ],
      notes: rows.last.flatMap { lastBandNote($0, rank: rank) }.map { [$0] } ?? [])
  }

  /// A sentence about a last band that is narrower than the others.
  private func lastBandNote(_ row: Int, rank: Int) -> String? {
    guard ranks[row] != rank else { return nil }
    return """
      The last band holds what remains, \(directions(ranks[row])): its similarity, floor and \
      energy are those of fewer directions.
      """
  }

  private func directions(_ count: Int) -> String {
    count == 1 ? "1 direction" : "\(count) directions"
  }
}
