import Findings
import Testing

/// Checks what a manifest says of itself and of others.
@Suite struct RunManifestTests {
  static let differences: [(change: @Sendable (inout RunManifest) -> Void, words: String)] = [
    ({ $0.checkpoint.fingerprint = "b" }, "of another checkpoint of model_type qwen2_moe"),
    ({ $0.checkpoint.modelType = "olmoe" }, "of another checkpoint of model_type olmoe"),
    ({ $0.version = "0.2.0" }, "made by version 0.2.0"),
    ({ $0.options.layers = [3] }, "of layer 3"),
    ({ $0.options.layers = [3, 4, 5] }, "of layers 3-5"),
    ({ $0.options.layers = [0, 2, 5] }, "of layers 0,2,5"),
    ({ $0.options.layers = Array(0..<60) }, "of layers 0-59"),
    ({ $0.options.layers = Array(0..<20) + [30] }, "of 21 layers between 0 and 30"),
    ({ $0.options.projections = ["up_proj"] }, "of the projections up_proj"),
    ({ $0.options.analyses = ["energy", "router"] }, "of the analyses energy,router"),
    ({ $0.options.fraction = 0.05 }, "with --fraction 0.05"),
    ({ $0.definitions["k"] = "half" }, "with other definitions"),
  ]

  @Test("says in words how another run differs", arguments: differences.indices)
  func difference(_ index: Int) {
    var other = testManifest()
    Self.differences[index].change(&other)
    #expect(testManifest().difference(from: other) == Self.differences[index].words)
  }

  @Test("the state of units makes no other run")
  func states() {
    var other = testManifest()
    other.units[0].state = .finished
    #expect(testManifest().difference(from: other) == nil)
  }

  @Test(
    "a unit's name sorts by layer",
    arguments: [(0, "000"), (12, "012"), (999, "999"), (1234, "1234")])
  func unitName(layer: Int, digits: String) {
    let unit = RunManifest.Unit(layer: layer, projection: "up_proj", state: .open)
    #expect(unit.name == "layer-\(digits)-up_proj")
  }
}
