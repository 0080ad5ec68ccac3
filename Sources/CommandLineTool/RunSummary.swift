import Checkpoints
import Findings
import SpectralReports

/// What `sdmoe analyze` ends with: one line for each projection, over all layers, and what the run
/// shows of the paper's findings.
struct RunSummary {
  private let folder: RunFolder
  private let units: SummarisedUnits

  init(of folder: RunFolder) throws {
    self.folder = folder
    units = try SummarisedUnits(of: folder)
  }

  var text: String {
    let columns = shownColumns
    var table = TextTable(columns: ["projection"] + columns.map { "\($0.name)>" })
    for projection in folder.manifest.options.projections {
      table.append([projection] + columns.map { $0.value(projection) })
    }
    let width = columns.map(\.name.count).max() ?? 0
    let meanings = columns.map { column in
      column.name + String(repeating: " ", count: width - column.name.count) + "  \(column.meaning)"
    }
    let paragraphs = FindingSentences(of: units, options: folder.manifest.options).paragraphs
      .flatMap { wordWrapped($0) }
    return
      ([title] + (columns.isEmpty ? [] : ["", table.text, ""] + meanings)
      + (paragraphs.isEmpty ? [] : [""] + paragraphs) + ["", places]).joined(separator: "\n")
  }

  private struct Column {
    let name: String
    let meaning: String
    let value: (String) -> String
  }

  private var title: String {
    let options = folder.manifest.options
    let layers = (options.layers.count == 1 ? "layer " : "layers ") + rangesText(options.layers)
    let percent = shortest(options.fraction * 100)
    return
      "\(folder.manifest.checkpoint.modelType), \(layers), the top \(percent) % of singular directions (k = \(folder.manifest.k))"
  }

  /// The columns of the analyses that were made.
  private var shownColumns: [Column] {
    var columns: [Column] = []
    if units.has(.summary) {
      columns += [
        Column(
          name: "similarity",
          meaning:
            "mean cosine of the principal angles between the top directions of two routed experts",
          value: { mean(similarities($0, "mean")) }),
        Column(
          name: "floor", meaning: "the similarity of random directions",
          value: { mean(similarities($0, "floor")) }),
        Column(
          name: "excess",
          meaning: "(similarity - floor) / (1 - floor): 0 is chance, 1 the same directions",
          value: { mean(similarities($0, "excess")) }),
      ]
      if folder.manifest.options.layers.count > 1 {
        columns.append(
          Column(
            name: "by layer", meaning: "smallest and largest similarity of a layer",
            value: { range(similarities($0, "mean")) }))
      }
    }
    if units.has(.energy) {
      columns.append(
        Column(
          name: "energy", meaning: "share of an expert's squared weights in its top directions",
          value: { mean(units.energies($0)) }))
    }
    if units.has(.routerSummary) {
      columns += [
        Column(
          name: "router own",
          meaning: "share of a router row in the top directions of its own expert",
          value: { mean(routers($0, "matched")) }),
        Column(
          name: "router others", meaning: "the same in those of the other experts",
          value: { mean(routers($0, "mismatched")) }),
        Column(
          name: "router floor", meaning: "the same of a random row",
          value: { mean(routers($0, "floor")) }),
      ]
    }
    return columns
  }

  private func similarities(_ projection: String, _ column: String) -> [Double] {
    units.numbers(column, of: .summary, where: ["projection": projection, "side": "hidden"])
  }

  private func routers(_ projection: String, _ column: String) -> [Double] {
    units.numbers(column, of: .routerSummary, where: ["projection": projection])
  }

  /// Where to read on.
  private var places: String {
    "The page is \(folder.path)/index.html, the tables are in \(folder.path)/tables."
  }
}

private func mean(_ values: [Double]) -> String {
  rounded(plainMean(values), digits: 3)
}

private func range(_ values: [Double]) -> String {
  guard let least = values.min(), let most = values.max() else { return "-" }
  return "\(rounded(least, digits: 3))-\(rounded(most, digits: 3))"
}

/// A paragraph in lines of up to so many characters, all but the first set in.
func wordWrapped(_ paragraph: String, width: Int = 100) -> [String] {
  var lines: [String] = []
  var line = ""
  for word in paragraph.split(separator: " ") {
    if !line.isEmpty, line.count + word.count + 1 > width {
      lines.append(line)
      line = "  \(word)"
    } else {
      line += line.isEmpty ? "\(word)" : " \(word)"
    }
  }
  return lines + [line]
}
