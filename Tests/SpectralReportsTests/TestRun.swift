import Experts
import Files
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
  ///   - leftOut: The experts that are in no table but that of what was left out.
  ///   - side: The side that the summary tells.
  ///   - floor: The floor of the similarities.
  ///   - shift: What is added to the similarities of a layer.
  ///   - change: Changes the manifest.
  ///   - value: The similarity of a pair.
  /// - Throws: What writing the run does.
  init(
    model: String = "test_moe", layers: [Int] = [0, 1], projections: [Projection] = [.gate],
    experts: [String] = expertNames(5, shared: ["shared"]), leftOut: [String] = [],
    side: Side = .hidden, floor: Double = TestTables.floor, shift: (Int) -> Double = { _ in 0 },
    change: (inout RunManifest) -> Void = { _ in },
    value: @escaping (Int, Int) -> Double = { noise($0, $1, low: 0.08, high: 0.62) }
  ) throws {
    folder = try TemporaryFolder()
    path = folder.path("run")
    let units = layers.flatMap { layer in
      projections.map { RunUnit(UnitKey(layer: layer, projection: $0)) }
    }
    var manifest = RunManifest(
      version: "0.1.0",
      checkpoint: RunManifest.Checkpoint(fingerprint: "abc", structure: "def", modelType: model),
      options: RunOptions(
        analyses: ["similarity"], fraction: 0.01, layers: layers,
        projections: projections), k: 15,
      definitions: ["similarity": "mean cosine"], units: units)
    change(&manifest)
    var run = try RunFolder(path: path, for: manifest)
    let measured = experts.filter { !leftOut.contains($0) }
    for unit in units {
      let projection = unit.projection ?? .gate
      let added = shift(unit.layer)
      let similarity = TestTables.similarity(
        layers: [unit.layer], projections: [projection], experts: measured, floor: floor
      ) { a, b in
        let places = [a, b].map { experts.firstIndex(of: measured[$0]) ?? 0 }
        return value(places[0], places[1]) + added
      }
      let energy = TestTables.energy(
        layer: unit.layer, projection: projection, experts: measured)
      let left = leftOut.isEmpty ? [] : [Self.leftOut(leftOut, unit.layer, projection)]
      try run.write(
        [
          similarity, energy, Self.summary(of: similarity, side: side),
          Self.groups(unit.layer, projection, measured),
        ] + left, of: unit)
    }
    try run.gatherTables([.similarity, .energy, .summary, .groups])
    try run.updateManifest()
  }

  /// The run, opened again.
  func opened(forWriting: Bool = false) throws -> RunFolder {
    try RunFolder(finishedAt: path, forWriting: forWriting)
  }

  /// Writes digests of a unit's files anew, as if sdmoe had written them as they are.
  func seal(_ unit: String) throws {
    let folder = "\(path)/units/\(unit)"
    let list = try String(contentsOfFile: "\(folder)/contents.txt", encoding: .utf8)
    let lines = try list.split(separator: "\n").map { line in
      guard !line.hasPrefix("plan ") else { return String(line) }
      let name = line.prefix { $0 != " " }
      let bytes = Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)")))
      return "\(name) \(bytes.count) \(sha256(of: bytes))"
    }
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: "\(folder)/contents.txt", atomically: true, encoding: .utf8)
  }

  private static func leftOut(
    _ experts: [String], _ layer: Int, _ projection: Projection
  ) -> Table {
    var table = Table(.leftOut)
    for expert in experts {
      table.append(
        LeftOutParts.layer(layer), LeftOutParts.projection(projection),
        LeftOutParts.expert(expert), LeftOutParts.reason("holds NaN"))
    }
    return table
  }

  /// The means of the pairs of routed experts.
  private static func summary(of similarity: Table, side: Side) -> Table {
    let a = similarity[Similarity.expertA]
    let b = similarity[Similarity.expertB]
    let means = similarity[Similarity.meanCosine]
    let rows = means.indices.filter { a[$0].isRouted && b[$0].isRouted }
    let values = rows.map { means[$0] }
    let floor = similarity[Similarity.floorMeanCosine][0]
    let mean = values.reduce(0, +) / Double(values.count)
    var table = Table(.summary)
    table.append(
      Summary.layer(similarity[Similarity.layer][0]),
      Summary.projection(similarity[Similarity.projection][0]), Summary.side(side),
      Summary.pairs(values.count), Summary.mean(mean), Summary.min(values.min() ?? 0),
      Summary.q1(mean), Summary.median(mean), Summary.q3(mean), Summary.max(values.max() ?? 0),
      Summary.floor(floor), Summary.excess((mean - floor) / (1 - floor)))
    return table
  }

  /// The routed experts in falling order, the last two in a group.
  private static func groups(
    _ layer: Int, _ projection: Projection, _ experts: [String]
  ) -> Table {
    var table = Table(.groups)
    let routed = experts.filter { Int($0) != nil }.reversed()
    for (place, expert) in routed.enumerated() {
      table.append(
        Groups.layer(layer), Groups.projection(projection), Groups.group(max(0, place - 1)),
        Groups.expert(ExpertName(expert)), Groups.order(place), Groups.size(place < 2 ? 2 : 1),
        Groups.groupMeanCosine(place < 2 ? 0.9 : .nan), Groups.nearest(ExpertName("0")),
        Groups.nearestMeanCosine(0.9), Groups.nearestExcess(0.8))
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
