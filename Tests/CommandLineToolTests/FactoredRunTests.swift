import Foundation
import TestSupport
import Tensors
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Checks `sdmoe inspect` and `sdmoe analyze` of a checkpoint in the factored SD-MoE form.
@Suite struct FactoredRunTests {
  private let folder: TemporaryFolder
  private let checkpoint: TemporaryFolder

  /// Gate and down of the only layer factored in strict mode, up left as it was.
  init() throws {
    folder = try TemporaryFolder()
    var toy = ToyCheckpoint(config: [
      "model_type": "qwen3_moe", "num_hidden_layers": 1, "num_experts": 4, "hidden_size": 16,
      "moe_intermediate_size": 12,
    ])
    toy.addLayer(0, experts: 4, hidden: 16, width: 12)
    var units: [String] = []
    for (projection, rows, columns) in [("gate_proj", 12, 16), ("down_proj", 16, 12)] {
      let stem = "model.layers.0.mlp.sd.\(projection)"
      toy.tensors += [
        ToyTensor("\(stem).basis.left", .f32, [rows, 3], seed: 1),
        ToyTensor("\(stem).basis.right", .f32, [columns, 3], seed: 2),
        ToyTensor("\(stem).common.left", .f32, [rows, 6], seed: 3),
        ToyTensor("\(stem).common.right", .f32, [6, columns], seed: 4),
      ]
      for expert in 0..<4 {
        let name = "model.layers.0.mlp.experts.\(expert).\(projection)"
        toy["\(name).weight"] = toy["\(name).weight"]?.named("\(name).unique")
      }
      units.append(
        #"{"layer": 0, "projection": "\#(projection)", "common_rank": 3, "original_dtype": "BF16"}"#
      )
    }
    toy.config["sd_moe"] = JSONText(
      verbatim: """
        {"version": 1, "form": "factored", "mode": "strict", "bases": "joint",
         "weights": "uniform", "sides": "both", "common_rank_exact": false, "dtype": "BF16",
         "names": {}, "units": [\(units.joined(separator: ", "))]}
        """)
    checkpoint = try toy.written()
  }

  @Test("inspect tells the form in one line, and in its JSON")
  func inspect() throws {
    let text = "SD-MoE factored, strict, common rank 3, joint bases"
    let outcome = try Tool.run(["inspect", checkpoint.path])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("\nform            \(text)\n"))
    #expect(outcome.output.hasSuffix("verdict         PASS\n"))
    let json = try Tool.run(["inspect", checkpoint.path, "--json"])
    #expect(json.output.contains(#""form" : "\#(text)""#))
  }

  @Test("inspect fails where a common part is missing")
  func damaged() throws {
    let config = checkpoint.path("config.json")
    let text = try String(contentsOfFile: config, encoding: .utf8)
    try checkpoint.write(text.replacing(#""strict""#, with: #""exact""#), as: "config.json")
    let outcome = try Tool.run(["inspect", checkpoint.path])
    #expect(outcome.status == 1)
    #expect(
      outcome.output.contains(
        "tensor 'model.layers.0.mlp.experts.0.gate_proj.remainder.left' is missing"))
  }

  @Test(
    "a run says what was measured, has its figures, and resumes",
    arguments: [[], ["--part", "unique"]])
  func analyze(options: [String]) throws {
    let run = folder.path("run")
    let arguments =
      [
        "analyze", checkpoint.path, "-o", run, "--analyses",
        "energy,spectrum,similarity,router,bands",
      ]
    let outcome = try Tool.run(arguments + options)
    #expect(outcome.status == 0)
    #expect(
      outcome.output.hasPrefix(
        "unique parts, with the common rank 3 projected out; "
          + "measured whole, as they are\n  not factored: layer-000-up_proj\n"))
    let files = try filesByPath(under: run)
    let figures = files.filter { $0.key.hasSuffix(".svg") }
    #expect(figures.count == 19)
    for (name, data) in figures { #expect(XMLParser(data: data).parse(), "\(name)") }
    let manifest = String(decoding: try #require(files["manifest.json"]), as: UTF8.self)
    #expect(manifest.contains(#""part" : "unique""#))
    #expect(manifest.split(separator: "\n").count { $0.contains(#""common_rank" : 3"#) } == 2)
    // The same run, with the part named or not.
    let again = try Tool.run(arguments)
    #expect(again.status == 0)
    #expect(again.output == outcome.output)
    #expect(differences(files, try filesByPath(under: run)) == [])
  }

  @Test("the part that is not there is refused with 1, a word that is no part with 64")
  func refusals() throws {
    let whole = try Tool.analyze(checkpoint.path, into: folder.path("a"), "--part", "whole")
    #expect(whole.status == 1)
    #expect(whole.errors.contains("sdmoe convert \(checkpoint.path) --form merged -o OUT"))
    let unique = try Tool.analyze(Samples.tiny, into: folder.path("b"), "--part", "unique")
    #expect(unique.status == 1)
    #expect(unique.errors.contains("sdmoe convert \(Samples.tiny) -o OUT"))
    let half = try Tool.analyze(Samples.tiny, into: folder.path("c"), "--part", "half")
    #expect(half.status == 64)
    for name in ["a", "b", "c"] {
      #expect(!FileManager.default.fileExists(atPath: folder.path(name)))
    }
  }
}
