import Checkpoints

/// What `sdmoe analyze` ends with: one line for each projection, over all layers, and what the run
/// shows of the paper's findings.
struct RunSummary {
  private let findings: RunFindings

  init(of findings: RunFindings) { self.findings = findings }

  var text: String {
    let columns = shownColumns
    var table = TextTable(columns: ["projection"] + columns.map { "\($0.name)>" })
    for numbers in findings.projections {
      table.append([numbers.projection] + columns.map { $0.text(numbers) })
    }
    let meanings = describedLines(columns.map { ($0.name, $0.meaning) })
    let remarks = findings.remarks.flatMap { wordWrapped($0) }
    let paragraphs = findings.findings.flatMap { wordWrapped($0) }
    return
      (wordWrapped(title) + remarks + (columns.isEmpty ? [] : ["", table.text, ""] + meanings)
      + (paragraphs.isEmpty ? [] : [""] + paragraphs) + [""] + places).joined(separator: "\n")
  }

  private struct ShownColumn {
    let name: String
    let meaning: String
    let text: (RunFindings.OfProjection) -> String
  }

  private var title: String {
    let layers =
      (findings.layers.count == 1 ? "layer " : "layers ") + rangesText(findings.layers)
    let percent = shortest(findings.fraction * 100)
    return
      "\(findings.modelType), \(layers), the top \(percent) % of singular directions (k = \(findings.k))"
  }

  /// The columns of the analyses that were made.
  private var shownColumns: [ShownColumn] {
    var columns: [ShownColumn] = []
    func has(_ part: (RunFindings.OfProjection) -> Bool) -> Bool {
      findings.projections.contains(where: part)
    }
    if has({ $0.similarity != nil }) {
      columns += [
        ShownColumn(
          name: "similarity",
          meaning:
            "mean cosine of the principal angles between the top directions of two routed experts",
          text: { threeDigits($0.similarity?.mean) }),
        ShownColumn(
          name: "floor", meaning: "the similarity of random directions",
          text: { threeDigits($0.similarity?.floor) }),
        ShownColumn(
          name: "excess",
          meaning: "(similarity - floor) / (1 - floor): 0 is chance, 1 the same directions",
          text: { threeDigits($0.similarity?.excess) }),
      ]
      if findings.layers.count > 1 {
        columns.append(
          ShownColumn(
            name: "by layer", meaning: "smallest and largest similarity of a layer",
            text: { range($0.similarity?.leastLayer, $0.similarity?.mostLayer) }))
      }
    }
    if has({ $0.energy != nil }) {
      columns.append(
        ShownColumn(
          name: "energy", meaning: "share of an expert's squared weights in its top directions",
          text: { threeDigits($0.energy) }))
    }
    if has({ $0.router != nil }) {
      columns += [
        ShownColumn(
          name: "router own",
          meaning: "share of a router row in the top directions of its own expert",
          text: { threeDigits($0.router?.own) }),
        ShownColumn(
          name: "router others", meaning: "the same in those of the other experts",
          text: { threeDigits($0.router?.others) }),
        ShownColumn(
          name: "router floor", meaning: "the same of a random row",
          text: { threeDigits($0.router?.floor) }),
      ]
    }
    return columns
  }

  /// Where to read on.
  private var places: [String] {
    wordWrapped("The page is \(findings.page), the tables are in \(findings.tables).")
  }
}

private func threeDigits(_ value: Double?) -> String {
  rounded(value ?? .nan, digits: 3)
}

private func range(_ least: Double?, _ most: Double?) -> String {
  guard let least, let most else { return "-" }
  return "\(rounded(least, digits: 3))-\(rounded(most, digits: 3))"
}
