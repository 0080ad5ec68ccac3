import Findings
import Foundation
import TestSupport

/// A run folder with planted tables.
struct TestRun {
  let folder: TemporaryFolder
  let path: String

  /// Writes a run.
  ///
  /// - Parameters:
  ///   - model: The model's type, which may be any text.
  ///   - layers: The layers.
  ///   - projections: The projections.
  ///   - experts: The experts of every layer.
  ///   - floor: The floor of the similarities.
  ///   - change: Changes the manifest.
  ///   - value: The similarity of a pair.
  /// - Throws: What writing the run does.
  init(
    model: String = "test_moe", layers: [Int] = [0, 1], projections: [String] = ["gate_proj"],
    experts: [String] = TestTables.experts(5, shared: ["shared"]),
    floor: Double = TestTables.floor, change: (inout RunManifest) -> Void = { _ in },
    value: @escaping (Int, Int) -> Double = { TestTables.noise($0, $1, low: 0.08, high: 0.62) }
  ) throws {
    folder = try TemporaryFolder()
    path = folder.path("run")
    let units = layers.flatMap { layer in
      projections.map { RunManifest.Unit(layer: layer, projection: $0) }
    }
    var manifest = RunManifest(
      version: "0.1.0",
      checkpoint: RunManifest.Checkpoint(fingerprint: "abc", modelType: model),
      options: RunManifest.Options(
        analyses: ["similarity"], fraction: 0.01, layers: layers, projections: projections), k: 15,
      definitions: ["similarity": "mean cosine"], units: units)
    change(&manifest)
    var run = try RunFolder(path: path, for: manifest)
    for unit in units {
      let similarity = TestTables.similarity(
        layers: [unit.layer], projections: [unit.projection ?? ""], experts: experts, floor: floor,
        value: value)
      let energy = TestTables.energy(
        layer: unit.layer, projection: unit.projection ?? "", experts: experts)
      try run.write(
        [similarity, energy, Self.summary(of: similarity), Self.groups(unit, experts)], of: unit)
    }
    try run.gatherTables([.similarity, .energy, .summary, .groups])
    try run.updateManifest()
  }

  /// The run, opened again.
  func opened(forWriting: Bool = false) throws -> RunFolder {
    try RunFolder(finishedAt: path, forWriting: forWriting)
  }

  /// The means of the pairs of routed experts.
  private static func summary(of similarity: Table) -> Table {
    let a = similarity.texts("expert_a")
    let b = similarity.texts("expert_b")
    let means = similarity.numbers("mean_cosine")
    let rows = means.indices.filter { Int(a[$0]) != nil && Int(b[$0]) != nil }
    let values = rows.map { means[$0] }
    let floor = similarity.numbers("floor_mean_cosine")[0]
    let mean = values.reduce(0, +) / Double(values.count)
    var table = Table(.summary)
    table.append(
      .integer(similarity.integers("layer")[0]), .text(similarity.texts("projection")[0]),
      .text("hidden"), .integer(values.count), .number(mean), .number(values.min() ?? 0),
      .number(mean), .number(mean), .number(mean), .number(values.max() ?? 0), .number(floor),
      .number((mean - floor) / (1 - floor)))
    return table
  }

  /// The routed experts in falling order, the last two in a group.
  private static func groups(_ unit: RunManifest.Unit, _ experts: [String]) -> Table {
    var table = Table(.groups)
    let routed = experts.filter { Int($0) != nil }.reversed()
    for (place, expert) in routed.enumerated() {
      table.append(
        .integer(unit.layer), .text(unit.projection ?? ""), .integer(max(0, place - 1)),
        .text(expert), .integer(place), .integer(place < 2 ? 2 : 1),
        .number(place < 2 ? 0.9 : .nan), .text("0"), .number(0.9), .number(0.8))
    }
    return table
  }
}

/// What a page's script is given.
struct PageContent {
  let html: String

  init(_ folder: String) throws {
    html = try String(contentsOfFile: "\(folder)/index.html", encoding: .utf8)
  }

  /// The JSON of a script element that begins with some text.
  func json(after start: String) -> Any? {
    guard let from = html.range(of: start),
      let begin = html.range(of: ">", range: from.lowerBound..<html.endIndex),
      let end = html.range(of: "</script>", range: begin.upperBound..<html.endIndex)
    else { return nil }
    return try? JSONSerialization.jsonObject(
      with: Data(html[begin.upperBound..<end.lowerBound].utf8))
  }

  /// A unit's panels of a section.
  func panels(layer: Int, projection: String, section: String) -> [[String: Any]] {
    let start = "class=\"unit\" data-layer=\"\(layer)\" data-projection=\"\(projection)\""
    let unit = json(after: start) as? [String: Any]
    let sections = unit?["sections"] as? [String: Any]
    return sections?[section] as? [[String: Any]] ?? []
  }
}

/// The numbers behind a heatmap of a page, decoded as its script does.
func decodedCells(_ heatmap: [String: Any], _ key: String = "cells") throws -> [[Double?]] {
  guard let source = heatmap[key] as? [String: Any], let png = source["png"] as? String,
    let step = source["step"] as? Double, let names = heatmap["rows"] as? [String]
  else { return [] }
  let image = try DecodedPNG(base64: png)
  var sum = 0
  let cells = (0..<names.count).map { row in
    (0..<image.width).map { column -> Double? in
      let stored = image[row, column][0] * 256 + image[row + names.count, column][0]
      sum += stored
      return stored == 0 ? nil : Double(stored - 20_000) * step
    }
  }
  guard sum == source["sum"] as? Int else { return [] }
  return cells
}
