internal import Findings
internal import Mustache

/// The list of the paper's figures with the files of a run that reproduce them.
struct FigureIndex {
  /// The list in Markdown.
  let text: String

  /// The kinds in the order of the paper; those of one of its figures as pages show them.
  private static let kinds = FigureKind.all.enumerated().sorted {
    ($0.element.paperFigure, $0.offset) < ($1.element.paperFigure, $1.offset)
  }.map(\.element)

  /// Lists the figures of a run.
  ///
  /// - Parameters:
  ///   - manifest: What the run is.
  ///   - figures: The names of all figures that were written.
  /// - Throws: What the template does.
  init(of manifest: RunManifest, figures: [String]) throws {
    let rows: [[String: Any]] = Self.kinds.map { kind in
      let files = figures.filter { $0.hasPrefix("\(kind.name)-") }.sorted()
      return [
        "figure": kind.paperFigure, "shows": kind.shows, "files": files.map { ["name": $0] },
        "none": files.isEmpty, "command": kind.command,
      ]
    }
    let template = try MustacheTemplate(
      string: String(decoding: PackageResources.figures_mustache, as: UTF8.self))
    // Viewers of Markdown take what begins with this for HTML; nothing else is escaped there.
    let model = manifest.checkpoint.modelType.replacing("<", with: "&lt;")
    text = template.render(["model": model, "rows": rows] as [String: Any])
  }
}
