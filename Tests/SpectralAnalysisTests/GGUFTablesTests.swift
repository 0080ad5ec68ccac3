import Foundation
import SpectralAnalysis
import TestSupport
import Testing

/// Checks that a model in GGUF files is measured as the one in safetensors that it was made from.
@Suite struct GGUFTablesTests {
  @Test(
    "tables are those of the twin, byte for byte",
    arguments: [
      ("gguf/qwen2_moe.gguf", "families/qwen2_moe/hub"),
      ("gguf/mixtral-00002-of-00003.gguf", "families/mixtral/hub"),
      ("gguf/gpt_oss.gguf", "families/gpt_oss/hub"),
      ("gguf/quantised.gguf", "gguf/quantised"),
    ])
  func tables(gguf: String, twin: String) async throws {
    var tables: [[String: Data]] = []
    for checkpoint in [gguf, twin] {
      let out = try TemporaryFolder()
      try await analyse(Fixture.url(checkpoint).path, in: out.path)
      tables.append(try filesByPath(under: out.path("tables")))
    }
    #expect(Set(tables[0].keys) == Set(tables[1].keys))
    #expect(tables[0].keys.contains("similarity.csv"))
    for (name, table) in tables[0] { #expect(table == tables[1][name], "\(name)") }
  }
}
