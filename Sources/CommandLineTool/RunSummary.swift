import Checkpoints
import Findings

/// The short table that `sdmoe analyze` ends with: one line for each projection, over all layers.
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
    return ([title] + (columns.isEmpty ? [] : ["", table.text, ""] + meanings) + [""] + verdicts)
      .joined(separator: "\n")
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
    let k = units.leading.map { " (k = \($0))" } ?? ""
    return
      "\(folder.manifest.checkpoint.modelType), \(layers), the top \(percent) % of singular directions\(k)"
  }

  /// The columns of the analyses that were made.
  private var shownColumns: [Column] {
    var columns: [Column] = []
    if units.hasSimilarity {
      columns += [
        Column(
          name: "similarity",
          meaning:
            "mean cosine of the principal angles between the top directions of two routed experts",
          value: { mean(units.similarity($0).map(\.mean)) }),
        Column(
          name: "floor", meaning: "the similarity of random directions",
          value: { mean(units.similarity($0).map(\.floor)) }),
        Column(
          name: "excess",
          meaning: "(similarity - floor) / (1 - floor): 0 is chance, 1 the same directions",
          value: { mean(units.similarity($0).map(\.excess)) }),
      ]
      if folder.manifest.options.layers.count > 1 {
        columns.append(
          Column(
            name: "by layer", meaning: "smallest and largest similarity of a layer",
            value: { range(units.similarity($0).map(\.mean)) }))
      }
    }
    if units.hasEnergy {
      columns.append(
        Column(
          name: "energy", meaning: "share of an expert's squared weights in its top directions",
          value: { mean(units.energies($0)) }))
    }
    if units.hasRouter {
      columns += [
        Column(
          name: "router own",
          meaning: "share of a router row in the top directions of its own expert",
          value: { mean(units.routers($0, "matched")) }),
        Column(
          name: "router others", meaning: "the same in those of the other experts",
          value: { mean(units.routers($0, "mismatched")) }),
        Column(
          name: "router floor", meaning: "the same of a random row",
          value: { mean(units.routers($0, "floor")) }),
      ]
    }
    return columns
  }

  /// One plain sentence for each finding of the paper that the tables can speak to, and where to
  /// read on.
  private var verdicts: [String] {
    var lines: [String] = []
    let similarities = folder.manifest.options.projections.flatMap(units.similarity)
    if !similarities.isEmpty {
      let above = similarities.count { $0.mean > $0.percentile95 }
      lines += [
        "Experts are more alike than chance in \(above) of \(similarities.count) pairs of layer and projection:",
        "their mean similarity is over the 95th percentile of random directions.",
      ]
    }
    if units.hasRouter {
      lines += [
        "The router leans on its own expert more than random rows would in \(units.leaningCount) of \(units.routers("floor").count):",
        "its mean share is over their floor by more than two standard deviations.",
      ]
    }
    if units.flaggedCount > 0 {
      lines += [
        "\(units.flaggedCount) of \(units.energyCount) top subspaces are ill-separated (gap under 1.001):",
        "their last direction is hardly defined, see the flag in energy.csv.",
      ]
    }
    // Energies alone are a table without a picture.
    let hasFigures = folder.manifest.options.analyses != ["energy"]
    let figures = hasFigures ? ", figures in \(folder.path)/figures" : ""
    return lines + ["Tables are in \(folder.path)/tables\(figures)."]
  }
}

private func mean(_ values: [Double]) -> String {
  values.isEmpty ? "-" : rounded(values.reduce(0, +) / Double(values.count), digits: 3)
}

private func range(_ values: [Double]) -> String {
  guard let least = values.min(), let most = values.max() else { return "-" }
  return "\(rounded(least, digits: 3))-\(rounded(most, digits: 3))"
}
