import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Testing

/// Checks analyses of both trained models with other options than the usual ones against tables
/// that numpy and scipy computed in float64.
@Suite struct OptionReferenceTests {
  static let models = CaptureReferenceTests.models

  /// A run of a model with its captures and gradients.
  struct Run {
    let out: TemporaryFolder
    let folder: RunFolder
    let reference: String
    var tables: String { "\(folder.path)/tables" }

    init(
      of model: String, _ analyses: [Analysis], fraction: Double = 0.01, layers: [Int]? = nil,
      _ change: (inout AnalysisOptions) -> Void = { _ in }
    ) async throws {
      var options = AnalysisOptions(analyses: analyses, fraction: fraction, layers: layers)
      options.tokens = .all
      change(&options)
      let path = Fixture.url(model).path
      out = try TemporaryFolder()
      folder = try await analyse(
        path, in: out.path, options: options, captures: "\(path)/captures/activations.h5",
        gradients: "\(path)/captures/gradients.safetensors")
      reference = "\(path)/reference-options"
    }
  }

  static let bands: [String: Tolerance] = [
    "mean_cosine": .absolute(1e-3), "energy": .relative(1e-3),
  ]
  static let bandSummary: [String: Tolerance] = [
    "top_mean_cosine": .absolute(1e-4), "tail_mean_cosine": .absolute(1e-4),
    "top_energy": .relative(1e-4),
  ]

  @Test("The top 5 %", arguments: models)
  func largerFraction(_ model: String) async throws {
    let run = try await Run(
      of: model, [.bands, .shuffle, .dataAlignment, .gradients], fraction: 0.05)
    let options = "-fraction-0.05"
    try expectTable(
      "bands", in: run.tables, matches: run.reference, options: options, Self.bands)
    try expectTable(
      "band_summary", in: run.tables, matches: run.reference, options: options, Self.bandSummary)
    try expectTable(
      "gradient_bands", in: run.tables, matches: run.reference, options: options, Self.bands)
    try expectTable(
      "gradient_band_summary", in: run.tables, matches: run.reference, options: options,
      Self.bandSummary)
    try expectTable(
      "shuffle", in: run.tables, matches: run.reference, options: options,
      [
        "top_relative": .relative(1e-4), "tail_relative": .relative(1e-4),
        "top_per_direction": .relative(1e-4), "tail_per_direction": .relative(1e-4),
      ])
    try expectTable(
      "data_alignment", in: run.tables, matches: run.reference, options: options,
      CaptureReferenceTests.cosines)
  }

  @Test("Summaries of bands, tails of pairs, entropy of loads, five sequences", arguments: models)
  func summaries(_ model: String) async throws {
    let run = try await Run(of: model, [.bands, .dataAlignment, .routing, .gradients]) {
      $0.sequences = .atMost(5)
    }
    for prefix in ["", "gradient_"] {
      try expectTable(
        "\(prefix)band_summary", in: run.tables, matches: run.reference, Self.bandSummary)
      try expectTable(
        "\(prefix)tail_similarity", in: run.tables, matches: run.reference,
        ["mean_cosine": .absolute(1e-3)])
    }
    try expectTable(
      "routing_summary", in: run.tables, matches: run.reference,
      ["load_entropy": .absolute(1e-8)])
    try expectTable(
      "data_alignment", in: run.tables, matches: run.reference, options: "-sequences-5",
      CaptureReferenceTests.cosines)
  }

  @Test("Activation ratios at threshold 2, of 100 tokens, and of routed tokens", arguments: models)
  func activationRatios(_ model: String) async throws {
    let threshold = try await Run(of: model, [.activationRatio], layers: [2]) { $0.threshold = 2 }
    // A token within rounding of the threshold may fall on either side: two of 1,024.
    try expectTable(
      "activation_ratio", in: threshold.tables, matches: threshold.reference,
      options: "-threshold-2", ["ratio": .absolute(2.01 / 1024), "tokens": .absolute(0)])
    let sample = try await Run(of: model, [.activationRatio], layers: [2]) {
      $0.tokens = .atMost(100)
    }
    try expectTable(
      "activation_ratio", in: sample.tables, matches: sample.reference, options: "-tokens-100",
      ["ratio": .absolute(1.01 / 100), "tokens": .absolute(0)])

    let routed = try await Run(of: model, [.activationRatio], layers: [2]) { $0.routedOnly = true }
    try expectRoutedOnly(routed)
  }

  /// An expert that saw no token has no rows in the reference, and rows without a ratio here.
  private func expectRoutedOnly(_ run: Run) throws {
    let reference = try CSVFile(
      path: "\(run.reference)/activation_ratio-routed-only.csv")
    let table = try #require(try run.folder.table(.activationRatio))
    let key = ["layer", "projection", "expert", "direction"]
    let expected = Dictionary(
      uniqueKeysWithValues: zip(
        try reference.keys(key),
        zip(try reference.numbers("ratio"), try reference.numbers("tokens"))))
    var found = 0
    for row in 0..<table.rowCount {
      let name =
        "\(table.integers("layer")[row]),\(table.texts("projection")[row]),\(table.texts("expert")[row]),\(table.integers("direction")[row])"
      let tokens = table.integers("tokens")[row]
      let ratio = table.numbers("ratio")[row]
      guard let (expectedRatio, expectedTokens) = expected[name] else {
        #expect(tokens == 0 && ratio.isNaN, "\(name)")
        continue
      }
      found += 1
      #expect(Double(tokens) == expectedTokens, "\(name)")
      #expect(abs(ratio - expectedRatio) <= 1.01 / expectedTokens, "\(name)")
    }
    #expect(found == reference.rows.count)
  }

  @Test("A centred input", arguments: models)
  func centred(_ model: String) async throws {
    let run = try await Run(of: model, [.routerData]) { $0.center = true }
    let sigma = try #require(try run.folder.table(.dataSpectrum)).numbers("sigma")
    // Sixteen values for each layer: a direction is told apart by both its neighbours.
    let rows = try expectTable(
      "router_data", in: run.tables, matches: run.reference, options: "-center",
      ["abs_cosine": .absolute(2e-3)],
      where: { key in
        let fields = key.split(separator: ",").compactMap { Int($0) }
        let layers = run.folder.manifest.options.layers
        guard let layer = layers.firstIndex(of: fields[0]) else { return false }
        let place = layer * 16 + fields[2] - 1
        let isBelow = fields[2] == 1 || sigma[place - 1] >= 1.001 * sigma[place]
        let isAbove = fields[2] < 16 && sigma[place] >= 1.001 * sigma[place + 1]
        return isBelow && isAbove
      })
    #expect(rows >= 400)
  }

  /// The groups that scipy's average linkage makes of the reference's similarities.
  struct Groups: Decodable {
    struct Unit: Decodable {
      struct Partition: Decodable {
        let least_excess: Double
        let groups: [[Int]]
      }
      let layer: Int
      let projection: String
      let partitions: [Partition]
    }
    let units: [Unit]
  }

  @Test("Groups as scipy's average linkage makes them", arguments: models, [0.5, 0.3, 0.2, 0.1])
  func groups(_ model: String, excess: Double) async throws {
    let reference: Groups = try Fixture.decode(from: "\(model)/reference-options/groups.json")
    let run = try await Run(of: model, [.similarity]) { $0.groupExcess = excess }
    let table = try #require(try run.folder.table(.groups))
    #expect(reference.units.count == 9)
    for unit in reference.units {
      let rows = table.rows(["layer": String(unit.layer), "projection": unit.projection])
      let groups = Dictionary(grouping: rows) { table.integers("group")[$0] }
        .values.map { $0.compactMap { Int(table.texts("expert")[$0]) }.sorted() }
      let expected = try #require(unit.partitions.first { $0.least_excess == excess })
      #expect(Set(groups) == Set(expected.groups), "layer \(unit.layer) \(unit.projection)")
    }
  }
}
