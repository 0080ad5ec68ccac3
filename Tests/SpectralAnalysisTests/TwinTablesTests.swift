import Foundation
import SpectralAnalysis
import TestSupport
import Testing

/// Checks that one model is measured alike in whatever way its weights are stored.
@Suite struct TwinTablesTests {
  /// A GGUF file, and what it was made from.
  static let gguf = [
    ["gguf/qwen2_moe.gguf", "families/qwen2_moe/hub"],
    ["gguf/mixtral-00002-of-00003.gguf", "families/mixtral/hub"],
    ["gguf/gpt_oss.gguf", "families/gpt_oss/hub"],
    ["gguf/quantised.gguf", "gguf/quantised"],
  ]

  @Test("tables are those of the twins, byte for byte", arguments: Fixture.twins + gguf)
  func tables(checkpoints: [String]) async throws {
    var tables: [[String: Data]] = []
    for checkpoint in checkpoints {
      let out = try TemporaryFolder()
      try await analyse(Fixture.url(checkpoint).path, in: out.path)
      tables.append(try filesByPath(under: out.path("tables")))
    }
    #expect(tables[0].keys.contains("similarity.csv"))
    for (twin, found) in zip(checkpoints, tables).dropFirst() {
      #expect(found.keys.sorted() == tables[0].keys.sorted(), "\(twin)")
      for (name, table) in found { #expect(table == tables[0][name], "\(twin): \(name)") }
    }
  }
}
