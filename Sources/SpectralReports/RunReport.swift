internal import Foundation
public import Findings
internal import Workers

/// The figures of a run, their index, and the page that shows them all.
public struct RunReport: Sendable {
  private let run: RunFolder

  /// Takes a run whose units all have results.
  public init(of run: RunFolder) {
    self.run = run
  }

  /// Writes `figures/*.svg`, `figures/INDEX.md` and `index.html` into the run's folder.
  ///
  /// The same run gives the same bytes. Each file is whole or absent, and the page is written last.
  ///
  /// - Parameter width: How many units to work on at once.
  /// - Throws: `FindingsError` for tables that are damaged or not of this version, and where a file
  ///   cannot be written.
  /// - Complexity: O(size of the tables) time; memory for the tables of `width` units, and the page.
  public func write(width: Int) async throws {
    let units = run.manifest.units
    let run = run
    let scales = FigureScales(
      holding: try await workSideBySide(count: units.count, width: width, makeState: {}) {
        try FigureScales(of: units[$1], in: run)
      })
    let drawing = UnitFigures(run: run, scales: scales)
    let parts = try await workSideBySide(count: units.count, width: width, makeState: {}) {
      let figures = try drawing.figures(of: units[$1])
      for figure in figures { try run.write(svg: figure.svg, ofFigure: figure.name) }
      return PagePart(
        layer: units[$1].layer, projection: units[$1].projection, figures: figures.map(\.name),
        tables: Set(figures.map(\.table)),
        json: try PageUnit(units[$1], in: run, figures: figures).json)
    }
    let profiles = try layerProfiles(of: run)
    let shuffles = try run.table(.shuffle).map { shuffleBars(shuffle: $0) } ?? []
    for figure in profiles + shuffles { try run.write(svg: figure.svg, ofFigure: figure.name) }

    let names = parts.flatMap(\.figures) + (profiles + shuffles).map(\.name)
    try run.write(FigureIndex(of: run.manifest, figures: names).text, to: "figures/INDEX.md")
    let page = try RunPage(
      run: run, profiles: profiles, shuffles: shuffles, parts: parts)
    try run.write(page.html, to: "index.html")
  }
}
