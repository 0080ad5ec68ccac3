import Foundation
import TestSupport
import Testing

/// Checks what `--json` tells against the tables, the certificate and the exit codes.
@Suite struct JSONSummaryTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func object(_ words: [String], status: Int32 = 0) throws -> [String: Any] {
    let outcome = try Tool.run(words + ["--json"], in: folder.path)
    #expect(outcome.status == status, "\(outcome.errors)")
    return try #require(
      try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
  }

  /// The means of a table's columns over the rows of a projection and, where it has sides, of the
  /// hidden one.
  private func means(_ columns: [String], of table: String, projection: String) throws -> [Double] {
    let text = try String(
      decoding: Data(contentsOf: URL(filePath: folder.path("run/tables/\(table).csv"))),
      as: UTF8.self)
    var lines = text.split(separator: "\n").map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    let header = lines.removeFirst()
    let rows = lines.map { Dictionary(uniqueKeysWithValues: zip(header, $0)) }
      .filter { $0["projection"] == projection && ["hidden", nil].contains($0["side"]) }
      .filter { $0["expert"] != "shared" }
    return columns.map { column in
      let values = rows.map { Double($0[column] ?? "") ?? .nan }
      return values.reduce(0, +) / Double(values.count)
    }
  }

  @Test("A run's numbers are the means of its tables")
  func analyze() throws {
    let found = try object(["analyze", Samples.tiny, "-o", "run", "--quiet"])
    #expect(
      found.keys.sorted() == [
        "analyses", "findings", "fingerprint", "fraction", "k", "layers", "left_out", "model_type",
        "page", "projections", "remarks", "run", "tables",
      ])
    #expect(found["model_type"] as? String == "qwen3_moe")
    #expect(found["layers"] as? [Int] == [0, 1])
    #expect(found["k"] as? Int == 1)
    #expect(found["page"] as? String == "run/index.html")
    let projections = try #require(found["projections"] as? [[String: Any]])
    #expect(
      projections.map { $0["projection"] as? String } == ["gate_proj", "up_proj", "down_proj"])
    for numbers in projections {
      let name = try #require(numbers["projection"] as? String)
      let similarity = try #require(numbers["similarity"] as? [String: Double])
      let told = ["mean", "floor", "excess"].map { similarity[$0] ?? .nan }
      let expected = try means(["mean", "floor", "excess"], of: "summary", projection: name)
      for (value, other) in zip(told, expected) { #expect(abs(value - other) < 1e-12) }
      let energy = try #require(numbers["energy"] as? Double)
      let energies = try means(["energy_top"], of: "energy", projection: name)
      #expect(abs(energy - energies[0]) < 1e-12)
      #expect((numbers["router"] == nil) == (name == "down_proj"))
      guard let router = numbers["router"] as? [String: Double] else { continue }
      let own = try means(["matched"], of: "router_summary", projection: name)
      #expect(abs((router["own"] ?? .nan) - own[0]) < 1e-12)
    }
  }

  @Test("What was left out is listed, and the exit code is 1")
  func leftOut() throws {
    try Samples.copy(of: Samples.tiny, to: folder.path("model"))
    let tensor = "model.layers.0.mlp.experts.1.up_proj.weight"
    _ = try Samples.poison(tensor, inCheckpointAt: folder.path("model"))
    let found = try object(
      ["analyze", "model", "-o", "run", "--quiet", "--keep-going"], status: 1)
    let parts = try #require(found["left_out"] as? [[String: Any]])
    #expect(parts.count == 1)
    #expect(parts[0]["layer"] as? Int == 0)
    #expect(parts[0]["projection"] as? String == "up_proj")
    #expect(parts[0]["expert"] as? String == "1")
    #expect((parts[0]["reason"] as? String)?.contains(tensor) == true)
  }

  @Test("A conversion tells its units, and once more that it was there; verify finds what changed")
  func convertAndVerify() throws {
    let words = ["convert", Samples.tiny, "-o", "out", "--common-rank", "2", "--quiet"]
    let done = try object(words)
    #expect(done["action"] as? String == "split")
    let units = try #require(done["units"] as? [[String: Any]])
    #expect(units.count == 6)
    #expect(units.allSatisfy { $0["common_rank"] as? Int == 2 })
    #expect(units.allSatisfy { ($0["similarity"] as? [String: Double])?.count == 4 })
    let again = try object(words)
    #expect(again["action"] as? String == "was there")
    #expect(again["bytes_after"] as? Int == done["bytes_after"] as? Int)

    let sound = try object(["verify", "out"])
    #expect(sound["verdict"] as? String == "PASS")
    #expect(sound["units"] as? Int == 6)
    #expect(sound["failures"] as? [String] == [])
    try FileManager.default.removeItem(atPath: folder.path("out/config.json"))
    let damaged = try object(["verify", "out"], status: 1)
    #expect(damaged["verdict"] as? String == "FAIL")
    #expect(
      damaged["failures"] as? [String] == ["config.json: is missing or cannot be read"])
  }

  @Test("A comparison of two runs tells each layer's change, one of three the runs' means")
  func compare() throws {
    for name in ["a", "b", "c"] {
      _ = try object(["analyze", Samples.tiny, "-o", name, "--quiet"])
    }
    let two = try object(["compare", "a", "b", "-o", "two"])
    let changes = try #require(two["numbers"] as? [[String: Any]])
    #expect(!changes.isEmpty)
    #expect(changes.allSatisfy { $0["change"] as? Double == 0 })
    #expect((two["runs"] as? [[String: String]])?.map { $0["path"] } == ["a", "b"])
    let three = try object(["compare", "a", "b", "c", "-o", "three"])
    #expect((three["runs"] as? [[String: String]])?.count == 3)
    #expect((three["numbers"] as? [[String: Any]])?.isEmpty == false)
  }

  @Test("There is no summary of what is not done", arguments: ["analyze", "convert"])
  func dryRun(command: String) throws {
    let outcome = try Tool.run(
      [command, Samples.tiny, "-o", "out", "--dry-run", "--json"], in: folder.path)
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("--dry-run does nothing"))
  }

  @Test(
    "The last word of a list is completed, and no word is offered twice",
    arguments: [
      ("--projections", "ga", "gate\ngate_proj\n"),
      ("--projections", "gate,u", "gate,up\ngate,up_proj\n"),
      ("--projections", "gate,g", ""), ("--analyses", "energy,b", "energy,bands\n"),
    ])
  func completion(option: String, typed: String, offered: String) throws {
    let outcome = try Tool.run(
      ["---completion", "analyze", "--", option, "1", "\(typed.count)", typed], in: folder.path)
    #expect(outcome.output == offered)
  }
}
