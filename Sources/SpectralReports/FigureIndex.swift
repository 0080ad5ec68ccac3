internal import Findings
internal import Mustache

/// The list of the paper's figures with the files of a run that reproduce them.
struct FigureIndex {
  /// The list in Markdown.
  let text: String

  private static let entries:
    [(figure: String, shows: String, table: String, needs: ReportSection)] =
      [
        ("1a", "similarity and energy band by band", "bands", .dominant),
        (
          "1b-d, appendix: principal similarity",
          "how alike the leading subspaces of two experts are, layer by layer", "similarity",
          .similarity
        ),
        (
          "2a", "how alike the leading directions of experts' gradients are, band by band",
          "gradient_bands", .gradients
        ),
        ("2b", "a router row beside its own expert's directions", "router_alignment", .router),
        ("2b, all pairs", "how much of a router row lies in each expert", "router_score", .router),
        ("3a", "how often each direction is active", "activation_ratio", .activation),
        ("3b", "what shuffling the tokens changes", "shuffle", .activation),
        (
          "4a, appendix: gradient principal similarity",
          "how alike the leading subspaces of gradients are", "gradient_similarity", .gradients
        ),
        (
          "4b, appendix: gradient tail similarity", "the same beyond the leading directions",
          "gradient_tail_similarity", .gradients
        ),
        (
          "5, appendix: data alignment", "how alike the leading directions of sequences are",
          "data_alignment", .data
        ),
        ("appendix: all experts' singular values", "the spectra", "spectrum", .dominant),
        (
          "beyond the paper", "similarity beyond the leading directions", "tail_similarity",
          .dominant
        ),
        ("beyond the paper", "spectra of the gradients", "gradient_spectrum", .gradients),
        ("beyond the paper", "router rows and the input's directions", "router_data", .data),
        ("beyond the paper", "loads of the experts", "routing", .routing),
        ("beyond the paper", "experts chosen together", "coactivation", .routing),
        ("beyond the paper", "measures over the layers", "profile", .profiles),
      ]

  /// Lists the figures of a run.
  ///
  /// - Parameters:
  ///   - manifest: What the run is.
  ///   - figures: The names of all figures that were written.
  /// - Throws: What the template does.
  init(of manifest: RunManifest, figures: [String]) throws {
    let rows: [[String: Any]] = Self.entries.map { entry in
      let files = figures.filter { $0.hasPrefix("\(entry.table)-") }.sorted()
      return [
        "figure": entry.figure, "shows": entry.shows, "files": files.map { ["name": $0] },
        "none": files.isEmpty, "command": entry.needs.command,
      ]
    }
    let template = try MustacheTemplate(
      string: String(decoding: PackageResources.figures_mustache, as: UTF8.self))
    text = template.render(["model": manifest.checkpoint.modelType, "rows": rows] as [String: Any])
  }
}
