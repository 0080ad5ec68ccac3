internal import Findings
internal import Foundation

extension RunComparison {
  /// The layers that either run has.
  var layers: [Int] {
    Set(first.manifest.options.layers).union(second.manifest.options.layers).sorted()
  }

  /// The projections that both runs have, in the order of the first.
  var projections: [String] {
    first.manifest.options.projections.filter(second.manifest.options.projections.contains)
  }

  /// The order of a unit's experts by their groups in the first run; nil where it has no groups.
  func order(of unit: RunManifest.Unit) throws -> [String]? {
    let weights = RunManifest.Unit(layer: unit.layer, projection: unit.projection)
    guard let table = try first.table(.groups, of: weights) else { return nil }
    let experts = table.texts("expert")
    let places = table.integers("order")
    return (0..<table.rowCount).sorted { places[$0] < places[$1] }.map { experts[$0] }
  }

  /// What is compared, in words.
  var facts: [(name: String, value: String)] {
    func run(_ manifest: RunManifest) -> String {
      let part = manifest.options.part.map { ", \($0) parts" } ?? ""
      return
        "\(manifest.checkpoint.modelType), \(manifest.options.layers.count) layers\(part), k = \(manifest.k), fingerprint \(manifest.checkpoint.fingerprint.prefix(16))"
    }
    let pairs =
      hindrance.map { "by the means of layers alone: \($0)" } ?? "pair by pair of experts"
    let what =
      hasOtherPart
      ? "the excess over chance, for other parts were measured"
      : "values, or the excess over chance where floors differ"
    return [
      ("A", run(first.manifest)), ("B", run(second.manifest)), ("compared", pairs),
      ("of similarities", what),
    ]
  }

  /// Draws both runs over the layers, a figure for each measure.
  var profiles: [Figure] {
    let changes = layerChanges
    return LayerMeans.Measure.allCases.compactMap { measure in
      let own = changes.filter { $0.key.measure == measure }
      guard !own.isEmpty else { return nil }
      func line(
        _ projection: String, _ label: String, _ colour: String, width: Double, opacity: Double = 1,
        dashes: String = "", _ value: (Change) -> Double
      ) -> [LineChart.Group] {
        let points = own.filter { $0.key.unit.projection == projection }.map {
          LineChart.Point(x: Double($0.key.unit.layer), y: value($0.change))
        }
        guard points.contains(where: { $0.y.isFinite }) else { return [] }
        return [
          LineChart.Group(
            label: label, colour: colour, width: width, opacity: opacity, dashes: dashes,
            lines: [points])
        ]
      }
      let groups = projections.enumerated().flatMap { place, name in
        let colour = seriesColours[place % seriesColours.count]
        return line(name, "\(name) A", colour, width: 3, opacity: 0.4) { $0.before.value }
          + line(name, "\(name) B", colour, width: 2) { $0.after.value }
          + line(name, "floor A", colour, width: 1.5, opacity: 0.4, dashes: "6 5") {
            $0.before.floor
          }
          + line(name, "floor B", colour, width: 1.5, dashes: "2 4") { $0.after.floor }
      }
      let chart = LineChart(
        title: "\(measure.title) by layer, A and B", subtitle: measure.meaning, xTitle: "layer",
        xTicks: layerTicks(layers),
        panels: [LineChart.Panel(yTitle: measure.axis, startsAtZero: true, groups: groups)])
      return Figure(
        name: figureName(["profile", measure.rawValue]), table: TableDefinition.layerChanges.name,
        content: .lines(chart))
    }
  }
}

/// What changed from one run to another, in plain sentences with numbers and floors.
struct ComparisonSentences {
  let paragraphs: [String]

  init(of comparison: RunComparison) {
    let changes = comparison.layerChanges
    paragraphs = LayerMeans.Measure.allCases.compactMap { measure in
      let own = changes.filter { $0.key.measure == measure }.map(\.change)
      let sizes = own.map(\.size).filter(\.isFinite)
      guard !own.isEmpty else { return nil }
      func mean(_ value: (Change) -> Double) -> String {
        let mean = plainMean(own.map(value).filter(\.isFinite))
        return mean.isNaN ? "-" : fixedText(mean, places: 3)
      }
      let hasFloors = own.contains { $0.before.floor.isFinite }
      let floors = hasFloors ? ", by chance \(mean(\.before.floor)) and \(mean(\.after.floor))" : ""
      let both =
        "\(measure.title): \(mean(\.before.value)) in A and \(mean(\.after.value)) in B\(floors)"
      guard !sizes.isEmpty else { return "\(both); no layer is in both runs." }
      let excess = own.contains(where: \.isOfExcess) ? "the excess over chance " : "it "
      let fell = sizes.count { $0 < 0 }
      let rose = sizes.count { $0 > 0 }
      return
        "\(both); \(excess)fell in \(fell) and rose in \(rose) of \(sizes.count) layers and projections, by \(signed(plainMean(sizes))) on average."
    }
  }
}

private func signed(_ value: Double) -> String {
  (value > 0 ? "+" : "") + fixedText(value, places: 3)
}

/// What a comparison was made of.
struct ComparisonManifest: Encodable {
  private struct Run: Encodable {
    let checkpoint: RunManifest.Checkpoint
    let options: RunManifest.Options
    let k: Int
  }

  private let version: String
  private let a, b: Run
  private let compared: String
  private let reason: String?
  private let definitions: [String: String]

  init(of comparison: RunComparison, version: String) {
    func run(_ manifest: RunManifest) -> Run {
      Run(checkpoint: manifest.checkpoint, options: manifest.options, k: manifest.k)
    }
    self.version = version
    a = run(comparison.first.manifest)
    b = run(comparison.second.manifest)
    compared = comparison.hindrance == nil ? "pairs" : "layers"
    reason = comparison.hindrance
    definitions = comparison.first.manifest.definitions
  }

  /// The text of the file.
  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
  }
}
