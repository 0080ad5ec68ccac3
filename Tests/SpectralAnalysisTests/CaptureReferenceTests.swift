import Experts
import Findings
import Foundation
import SpectralAnalysis
import TestSupport
import Testing

/// Checks the analyses of bands, activations and gradients of both trained models against tables
/// that numpy computed in float64 from full decompositions.
///
/// The tolerances are those of the issue; counts must be exact.
@Suite struct CaptureReferenceTests {
  static let models = ["qwen2-moe-tiny", "deepseek-v2-tiny"]

  /// The cosines of a pair of subspaces.
  static let cosines: [String: Tolerance] = [
    "mean_cosine": .absolute(1e-4), "overlap": .absolute(1e-4), "max_cosine": .absolute(1e-4),
    "min_cosine": .absolute(1e-4), "geodesic": .absolute(1e-3),
  ]

  @Test("All tables agree with the reference", arguments: models)
  func reference(_ model: String) async throws {
    let out = try TemporaryFolder()
    var options = AnalysisOptions(analyses: Analysis.allCases)
    options.fullSpectrum = true
    options.tokens = .all
    let path = Fixture.url(model).path
    let run = try await analyse(
      path, in: out.path, options: options, captures: "\(path)/captures/activations.h5",
      gradients: "\(path)/captures/gradients.safetensors")
    let tables = "\(run.path)/tables"
    let reference = "\(path)/reference"

    try expectTable(
      "bands", in: tables, matches: reference,
      ["mean_cosine": .absolute(1e-3), "energy": .relative(1e-4)])
    try expectTable(
      "energy", in: tables, matches: reference,
      [
        "energy_top": .relative(1e-4), "effective_rank": .relative(1e-4), "gap": .relative(1e-4),
      ])
    // Three tokens of 1,024.
    try expectTable(
      "activation_ratio", in: tables, matches: reference, ["ratio": .absolute(3 / 1024)])
    try expectTable(
      "shuffle", in: tables, matches: reference,
      [
        "top_relative": .relative(1e-4), "tail_relative": .relative(1e-4),
        "top_per_direction": .relative(1e-4), "tail_per_direction": .relative(1e-4),
      ])
    try expectTable("data_alignment", in: tables, matches: reference, Self.cosines)
    try expectTable(
      "routing", in: tables, matches: reference,
      ["load": .absolute(1e-8), "tokens": .absolute(0)])
    try expectTable(
      "coactivation", in: tables, matches: reference, ["share": .absolute(1e-8)])
    try expectRouterData(in: tables, matches: reference)

    try expectTable("gradient_similarity", in: tables, matches: reference, Self.cosines)
    try expectTable(
      "gradient_energy", in: tables, matches: reference,
      [
        "energy_top": .relative(1e-4), "stable_rank": .relative(1e-4),
        "effective_rank": .relative(1e-4), "gap": .relative(1e-4),
      ])
    try expectTable(
      "gradient_bands", in: tables, matches: reference,
      ["mean_cosine": .absolute(1e-3), "energy": .relative(1e-3)])
    try expectSpectrum("gradient_spectrum", in: tables, matches: reference)
    try expectSpectrum("spectrum", in: tables, matches: reference)
  }

  /// Compares the directions of the input that stand apart from both neighbours.
  private func expectRouterData(in tables: String, matches reference: String) throws {
    let spectrum = try CSVFile(path: "\(tables)/data_spectrum.csv")
    let layers = try spectrum.texts("layer")
    let indices = try spectrum.texts("index")
    let sigma = try spectrum.numbers("sigma")
    var separated: Set<String> = []
    for row in sigma.indices where row + 1 < sigma.count && layers[row + 1] == layers[row] {
      let isBelow =
        row == 0 || layers[row - 1] != layers[row] || sigma[row - 1] >= 1.001 * sigma[row]
      if isBelow, sigma[row] >= 1.001 * sigma[row + 1] {
        separated.insert("\(layers[row])/\(indices[row])")
      }
    }
    let compared = try expectTable(
      "router_data", in: tables, matches: reference, ["abs_cosine": .absolute(2e-3)],
      where: { key in
        let fields = key.split(separator: ",")
        return separated.contains("\(fields[0])/\(fields[2])")
      })
    let rows = try CSVFile(path: "\(reference)/router_data.csv").rows.count
    #expect(compared * 100 >= rows * 85, "only \(compared) of \(rows) directions were compared")
  }

  /// Compares the values that the reference has, which are the first sixteen of each expert.
  private func expectSpectrum(
    _ name: String, in tables: String, matches reference: String
  ) throws {
    let ours = try CSVFile(path: "\(tables)/\(name).csv")
    let theirs = try CSVFile(path: "\(reference)/\(name).csv")
    let key = ["layer", "projection", "expert", "index"]
    let found = Dictionary(
      uniqueKeysWithValues: zip(try ours.keys(key), try ours.numbers("sigma")))
    let wrong = zip(try theirs.keys(key), try theirs.numbers("sigma")).filter { key, sigma in
      !Tolerance.relative(1e-4).admits(found[key] ?? .nan, sigma)
    }
    #expect(wrong.isEmpty, "\(name): \(wrong.count) values differ, such as \(wrong.prefix(1))")
    #expect(theirs.rows.count > 1000)
    // All of them are told: 112 for a routed expert.
    #expect(try ours.texts("index").contains("112"))
  }
}
