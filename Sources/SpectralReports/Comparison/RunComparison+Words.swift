internal import Experts
internal import Findings
internal import Foundation
internal import Pictures

extension RunComparison {
  /// The order of a unit's experts by their groups in the first run; nil where it has no groups.
  func order(of unit: RunUnit) throws -> [String]? {
    let weights = RunUnit(UnitKey(layer: unit.layer, projection: unit.projection))
    guard let table = try first.table(.groups, of: weights) else { return nil }
    let experts = table[Groups.expert]
    let places = table[Groups.order]
    return (0..<table.rowCount).sorted { places[$0] < places[$1] }.map { experts[$0].text }
  }

  /// What is compared, in words.
  var facts: [(name: String, value: String)] {
    let pairs =
      hindrance.map { "by the means of layers alone: \($0)" } ?? "pair by pair of experts"
    let what =
      runs.hasOtherPart
      ? "the excess over chance, for other parts were measured"
      : "values, or the excess over chance where floors differ"
    return zip(["A", "B"], runs.facts).map { ($0, $1) } + [
      ("compared", pairs), ("of similarities", what),
    ]
  }

  /// Draws both runs over the layers, a figure for each measure.
  var profiles: [Figure] {
    let changes = layerChanges
    return LayerMeasure.all.compactMap { measure in
      let own = changes.filter { $0.key.measure == measure.name }
      guard !own.isEmpty else { return nil }
      func line(
        _ projection: Projection, _ label: String, _ colour: String, width: Double,
        opacity: Double = 1,
        dashes: String = "", _ value: (Change) -> Double
      ) -> [LineChart.Group] {
        let points = own.filter { $0.key.projection == projection }.map {
          LineChart.Point(x: Double($0.key.layer), y: value($0.change))
        }
        guard points.contains(where: { $0.y.isFinite }) else { return [] }
        return [
          LineChart.Group(
            label: label, colour: colour, width: width, opacity: opacity, dashes: dashes,
            lines: [points])
        ]
      }
      let groups = runs.projections.enumerated().flatMap { place, projection in
        let name = projection.rawValue
        let colour = seriesColours[place % seriesColours.count]
        return line(projection, "\(name) A", colour, width: 3, opacity: 0.4) { $0.before.value }
          + line(projection, "\(name) B", colour, width: 2) { $0.after.value }
          + line(projection, "floor A", colour, width: 1.5, opacity: 0.4, dashes: "6 5") {
            $0.before.floor
          }
          + line(projection, "floor B", colour, width: 1.5, dashes: "2 4") { $0.after.floor }
      }
      let chart = LineChart(
        title: "\(measure.title) by layer, A and B", subtitle: measure.meaning, xTitle: "layer",
        xTicks: layerTicks(runs.layers),
        panels: [LineChart.Panel(yTitle: measure.axis, startsAtZero: true, groups: groups)])
      return Figure(
        name: measure.figureName, table: TableDefinition.layerChanges.name,
        picture: .lines(chart))
    }
  }
}

/// What changed from one run to another, in plain sentences with numbers and floors.
///
/// All numbers of a sentence are of the layers and projections that both runs have.
struct ComparisonSentences {
  let paragraphs: [String]

  init(of comparison: RunComparison) {
    let runs = comparison.runs
    let changes = Dictionary(
      uniqueKeysWithValues: comparison.layerChanges.map { ($0.key, $0.change) })
    paragraphs = runs.measures.map { measure in
      let own = runs.common(measure.name).compactMap { changes[$0] }
      let left = runs.leftOutText(of: measure.name, labels: ["A", "B"]).map { " \($0)" } ?? ""
      guard !own.isEmpty else {
        return "\(measure.title): no layer and projection is in both runs.\(left)"
      }
      func mean(_ value: (Change) -> Double) -> Double { plainMean(own.map(value)) }
      let values = ChangeTexts(from: mean(\.before.value), to: mean(\.after.value))
      let floors = [mean(\.before.floor), mean(\.after.floor)]
      let chance =
        floors.allSatisfy(\.isFinite)
        ? ", by chance \(floors.map { fixedText($0, places: 3) }.joined(separator: " and "))" : ""
      let isOfExcess = runs.comparesExcess(of: measure.name)
      let excess = ChangeTexts(from: mean(\.before.excess), to: mean(\.after.excess))
      // Less is the rounding of the means, not a change.
      let fell = own.count { $0.size < -1e-9 }
      let rose = own.count { $0.size > 1e-9 }
      return
        "\(measure.title): \(values.before) in A and \(values.after) in B\(chance); \(isOfExcess ? "the excess over chance" : "it") fell in \(fell) and rose in \(rose) of \(own.count) layers and projections, \(isOfExcess ? "from \(excess.before) to \(excess.after), by \(excess.change)" : "by \(values.change)") on average.\(left)"
    }
  }
}

/// Two numbers and their difference as texts that agree: with three decimals, or as many more as it
/// takes for the difference of what is shown to be the difference that is shown.
struct ChangeTexts {
  let before, after, change: String

  init(from before: Double, to after: Double) {
    func rounded(_ value: Double, _ places: Int) -> Double {
      (value * powerOfTen(places)).rounded()
    }
    let places =
      (3...6).first {
        rounded(after, $0) - rounded(before, $0) == rounded(after - before, $0)
      } ?? 6
    let size = rounded(after, places) - rounded(before, places)
    self.before = fixedText(before, places: places)
    self.after = fixedText(after, places: places)
    change = (size > 0 ? "+" : "") + fixedText(size / powerOfTen(places), places: places)
  }
}

/// What a comparison was made of.
struct ComparisonManifest: Encodable {
  /// One of the runs.
  struct Run: Encodable {
    let name: String
    let checkpoint: RunManifest.Checkpoint
    let options: RunOptions
    let k: Int

    init(_ manifest: RunManifest, name: String) {
      self.name = name
      checkpoint = manifest.checkpoint
      options = manifest.options
      k = manifest.k
    }
  }

  private let version: String
  private let a, b: Run
  private let compared: String
  private let reason: String?
  private let definitions: [String: String]
  /// The digests of all other files.
  private let files: [String: String]

  init(of comparison: RunComparison, version: String, files: [String: String]) {
    self.version = version
    a = Run(comparison.first.manifest, name: comparison.names[0])
    b = Run(comparison.second.manifest, name: comparison.names[1])
    compared = comparison.hindrance == nil ? "pairs" : "layers"
    reason = comparison.hindrance
    definitions = comparison.first.manifest.definitions
    self.files = files
  }

  /// The text of the file.
  var json: String {
    get throws { try comparisonJSON(self) }
  }
}

/// What a comparison was made of, as the text of its file.
func comparisonJSON(_ manifest: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(manifest), as: UTF8.self) + "\n"
}
