/// The page's script: parts that share one scope, in the order in which they build on one another.
enum PageScript {
  private static let parts = [
    PackageResources.state_js, PackageResources.elements_js, PackageResources.colours_js,
    PackageResources.labels_js, PackageResources.cells_js, PackageResources.heatmap_js,
    PackageResources.tooltip_js, PackageResources.chart_js, PackageResources.marks_js,
    PackageResources.lists_js, PackageResources.sections_js, PackageResources.terms_js,
    PackageResources.controls_js,
  ]

  /// The whole script.
  static var text: String {
    let texts = parts.map { String(decoding: $0, as: UTF8.self) }
    return "(() => {\n'use strict';\n\n\(texts.joined(separator: "\n"))})();\n"
  }
}
