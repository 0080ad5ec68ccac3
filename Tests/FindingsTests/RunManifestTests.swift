import Experts
import Findings
import Foundation
import TestSupport
import Testing

/// Checks what a manifest says of itself and of others.
@Suite struct RunManifestTests {
  static let differences: [(change: @Sendable (inout RunManifest) -> Void, words: String)] = [
    ({ $0.checkpoint.structure = "b" }, "of another checkpoint of model_type qwen2_moe"),
    ({ $0.checkpoint.modelType = "olmoe" }, "of another checkpoint of model_type olmoe"),
    ({ $0.checkpoint.family = "mine abc" }, "read as the family mine abc"),
    ({ $0.version = "0.2.0" }, "made by version 0.2.0"),
    ({ $0.options.layers = [3] }, "of layer 3"),
    ({ $0.options.layers = [3, 4, 5] }, "of layers 3-5"),
    ({ $0.options.layers = [0, 2, 5] }, "of layers 0,2,5"),
    ({ $0.options.layers = Array(0..<60) }, "of layers 0-59"),
    ({ $0.options.layers = Array(0..<20) + [30] }, "of 21 layers between 0 and 30"),
    ({ $0.options.projections = [.up] }, "of the projections up_proj"),
    ({ $0.options.analyses = ["energy", "router"] }, "of the analyses energy,router"),
    ({ $0.options.fraction = 0.05 }, "with --fraction 0.05"),
    ({ $0.captures = "b" }, "with other captures"),
    ({ $0.captures = nil }, "without captures"),
    ({ $0.gradients = "b" }, "with other gradients"),
    ({ $0.gradients = nil }, "without gradients"),
    ({ $0.options[RunOption<String>("part")] = "unique" }, "with --part unique"),
    ({ $0.options[RunOption<Bool>("full-spectrum")] = true }, "with --full-spectrum"),
    ({ $0.options[RunOption<Double>("group-excess")] = 0.25 }, "with --group-excess 0.25"),
    ({ $0.options[RunOption<Double>("group-excess")] = nil }, "without --group-excess"),
    ({ $0.options[RunOption<Double>("threshold")] = 2.5 }, "with --threshold 2.5"),
    ({ $0.options[RunOption<String>("tokens")] = "all" }, "with --tokens all"),
    ({ $0.options[RunOption<Bool>("routed-only")] = true }, "with --routed-only"),
    ({ $0.options[RunOption<Bool>("center")] = false }, "without --center"),
    ({ $0.options[RunOption<String>("sequences")] = "12" }, "with --sequences 12"),
    ({ $0.definitions["k"] = "half" }, "with other definitions"),
  ]

  /// A manifest with all that captures and gradients bring.
  static func manifest() -> RunManifest {
    var manifest = testManifest()
    manifest.captures = "c"
    manifest.gradients = "d"
    manifest.options[RunOption<Double>("group-excess")] = 0.5
    manifest.options[RunOption<Double>("threshold")] = 1
    manifest.options[RunOption<String>("tokens")] = "8192"
    manifest.options[RunOption<Bool>("routed-only")] = false
    manifest.options[RunOption<Bool>("center")] = true
    manifest.options[RunOption<String>("sequences")] = "64"
    return manifest
  }

  @Test("says in words how another run differs", arguments: differences.indices)
  func difference(_ index: Int) {
    var other = Self.manifest()
    Self.differences[index].change(&other)
    #expect(Self.manifest().difference(from: other) == Self.differences[index].words)
  }

  @Test("a checkpoint under another name goes on with its run")
  func renamed() throws {
    var renamed = testManifest()
    renamed.checkpoint.name = "another"
    #expect(testManifest().difference(from: renamed) == nil)
    let folder = try TemporaryFolder()
    let unit = renamed.units[0]
    let run = try RunFolder(path: folder.path("run"), for: testManifest())
    try run.write([energyTable(unit)], of: unit)
    #expect(
      try RunFolder(path: folder.path("run"), for: renamed).manifest.units[0].state == .finished)
  }

  @Test("captures that were not there before, and an option that was set")
  func theOtherWay() {
    #expect(testManifest().difference(from: Self.manifest()) == "with other captures")
    var other = testManifest()
    other.options[RunOption<Bool>("full-spectrum")] = true
    #expect(other.difference(from: testManifest()) == "without --full-spectrum")
  }

  @Test("a family that was chosen is written, and told where it is not")
  func family() throws {
    var manifest = testManifest()
    #expect(!String(decoding: try JSONEncoder().encode(manifest), as: UTF8.self).contains("family"))
    manifest.checkpoint.family = "qwen3_moe"
    let data = try JSONEncoder().encode(manifest)
    #expect(try JSONDecoder().decode(RunManifest.self, from: data) == manifest)
    #expect(manifest.difference(from: testManifest()) == "read without --family")
  }

  @Test("what is written is read again, and options that were not asked for are not there")
  func coding() throws {
    for manifest in [testManifest(), Self.manifest()] {
      let encoder = JSONEncoder()
      let data = try encoder.encode(manifest)
      #expect(try JSONDecoder().decode(RunManifest.self, from: data) == manifest)
      let text = String(decoding: data, as: UTF8.self)
      for key in [
        "captures", "gradients", "group_excess", "threshold", "tokens", "routed_only", "center",
        "sequences",
      ] {
        #expect(text.contains("\"\(key)\"") == (manifest.captures != nil), "\(key)")
      }
      #expect(!text.contains("full_spectrum"))
      #expect(!text.contains("part"))
      #expect(!text.contains("common_rank"))
    }
  }

  @Test("a run of unique parts says so, and tells each unit's common rank")
  func uniqueParts() throws {
    var manifest = testManifest()
    manifest.options[RunOption<String>("part")] = "unique"
    manifest.units[0].commonRank = 8
    let data = try JSONEncoder().encode(manifest)
    let text = String(decoding: data, as: UTF8.self)
    #expect(text.contains(#""part":"unique""#))
    #expect(text.contains(#""common_rank":8"#))
    #expect(try JSONDecoder().decode(RunManifest.self, from: data) == manifest)
    #expect(manifest.difference(from: testManifest()) == "with --part whole")
  }

  @Test("the state of units makes no other run")
  func states() {
    var other = testManifest()
    other.units[0].state = .finished
    #expect(testManifest().difference(from: other) == nil)
  }
}
