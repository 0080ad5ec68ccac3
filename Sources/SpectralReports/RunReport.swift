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
  /// - Parameter workers: How many units to work on at once.
  /// - Throws: `FindingsError` for tables that are damaged or not of this version, and where a file
  ///   cannot be written.
  /// - Complexity: O(size of the tables) time; memory for the tables of `workers` units, and the page.
  public func write(workers: Int) async throws {
    let units = run.manifest.units
    let run = run
    let pool = WorkerPool(count: workers)
    let scales = FigureScales(
      holding: try await pool.map(count: units.count) {
        try FigureScales(of: units[$0], in: run)
      })
    let drawing = UnitFigures(run: run, scales: scales)
    let parts = try await pool.map(count: units.count) {
      let figures = try drawing.figures(of: units[$0])
      try write(figures)
      return try PagePart(PageUnit(units[$0], in: run, figures: figures), figures: figures)
    }
    let whole = try FigureKind.all.flatMap { kind -> [FigureGroup] in
      guard case .ofRun(let draw) = kind.drawing else { return [] }
      return try draw(run)
    }
    try write(whole)

    let names = parts.flatMap(\.figures) + whole.flatMap { $0.figures.map(\.name) }
    try run.write(FigureIndex(of: run.manifest, figures: names).text, to: "figures/INDEX.md")
    let page = try RunPage(run: run, parts: parts, whole: whole)
    try run.write(page.html, to: "index.html")
  }

  private func write(_ figures: [FigureGroup]) throws {
    for figure in figures.flatMap(\.figures) {
      try run.write(svg: figure.svg, ofFigure: figure.name)
    }
  }
}
