import Checkpoints
import TestSupport
import Testing

/// Checks that published checkpoints open at their full size, from headers alone.
@Suite struct PublishedModelTests {
  static let models =
    (try? Fixture.decode([PublishedModel].self, from: "families/published.json")) ?? []

  @Test("There are facts of 41 checkpoints, each with its source")
  func facts() {
    #expect(Self.models.count == 41)
    #expect(Self.models.allSatisfy { !$0.source.isEmpty })
  }

  @Test("has the layers and matrices that its sizes say, and nothing is wrong", arguments: models)
  func matrices(of model: PublishedModel) throws {
    let folder = try TemporaryFolder()
    let tensorCount = try model.write(to: folder)
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.problems.first == nil)
    #expect(checkpoint.family == model.family)
    #expect(checkpoint.tensorCount == tensorCount)
    #expect(checkpoint.layers.count == model.layers)
    #expect(checkpoint.sizes.expertCount == model.experts)
    #expect(count(of: checkpoint.layers) == model.matrices)
    #expect(count(of: checkpoint.furtherLayers) == model.further)
    let unmeasured = checkpoint.unmeasured()
    #expect(unmeasured.map(\.reason.word) == (model.further == 0 ? [] : ["past_layers"]))
    #expect(checkpoint.remarks.isEmpty)
  }

  private func count(of layers: [MoELayer]) -> Int {
    layers.flatMap(\.experts.values).reduce(0) { sum, weights in
      sum + weights.count { (try? $0.get()) != nil }
    }
  }
}
