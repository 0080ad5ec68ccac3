import Checkpoints
import Experts
import Foundation
import TestSupport
import Tensors
import Testing

/// Checks real checkpoints of many families; what is expected was read from each config.json by
/// eye.
@Suite struct FamilyFixtureTests {
  struct Sound: CustomTestStringConvertible, Sendable {
    let folder: String
    let family: String
    let moeLayers: [Int]
    let layerCount: Int
    let experts: Int
    let hidden: Int
    let width: Int
    let shared: Int?

    var testDescription: String { folder }

    init(
      _ folder: String, _ family: String, moe: [Int], of layerCount: Int = 2, experts: Int = 4,
      hidden: Int = 32, width: Int = 24, shared: Int? = nil
    ) {
      self.folder = folder
      self.family = family
      moeLayers = moe
      self.layerCount = layerCount
      self.experts = experts
      self.hidden = hidden
      self.width = width
      self.shared = shared
    }
  }

  static let sound = [
    Sound("families/qwen2_moe/hub", "qwen2_moe", moe: [0, 1], shared: 40),
    Sound("families/qwen2_moe_mixed/hub", "qwen2_moe", moe: [1], shared: 40),
    Sound("families/qwen3_moe/hub", "qwen3_moe", moe: [0, 1]),
    Sound("families/qwen3_next/hub", "qwen3_next", moe: [0, 1], shared: 40),
    Sound("families/qwen3_5_moe_text/hub", "qwen3_5_moe", moe: [0, 1], shared: 40),
    Sound("families/qwen3_5_moe_cond/hub", "qwen3_5_moe", moe: [0, 1], shared: 40),
    Sound("families/mixtral/hub", "mixtral", moe: [0, 1]),
    Sound("families/olmoe/hub", "olmoe", moe: [0, 1]),
    Sound("families/phimoe/hub", "phimoe", moe: [0, 1]),
    Sound(
      "families/deepseek_v1/hub", "deepseek", moe: [1, 2], of: 3, experts: 6, hidden: 48,
      width: 32, shared: 64),
    Sound(
      "families/deepseek_v1/hdf5-dotted", "deepseek", moe: [1, 2], of: 3, experts: 6, hidden: 48,
      width: 32, shared: 64),
    Sound(
      "families/deepseek_v1/hdf5-nested", "deepseek", moe: [1, 2], of: 3, experts: 6, hidden: 48,
      width: 32, shared: 64),
    Sound("families/deepseek_v2/hub", "deepseek_v2", moe: [1], shared: 48),
    Sound("families/deepseek_v3/hub", "deepseek_v3", moe: [1], shared: 24),
    Sound("families/deepseek_v4/hub", "deepseek_v4", moe: [0, 1], shared: 24),
    Sound("families/kimi_linear/hub", "kimi_linear", moe: [1], shared: 24),
    Sound("families/bailing_hybrid/hub", "bailing_hybrid", moe: [1], shared: 24),
    Sound(
      "qwen2-moe-tiny", "qwen2_moe", moe: [0, 1, 2], of: 3, experts: 12, hidden: 128, width: 112,
      shared: 224),
    Sound(
      "deepseek-v2-tiny", "deepseek_v2", moe: [1, 2, 3], of: 4, experts: 12, hidden: 128,
      width: 112, shared: 224),
  ]

  @Test(
    "A sound checkpoint has no problems, and the layers and shapes of its config", arguments: sound)
  func soundCheckpoint(expected: Sound) throws {
    let checkpoint = try Checkpoint(path: Fixture.url(expected.folder).path)
    #expect(checkpoint.problems.isEmpty)
    #expect(checkpoint.family == expected.family)
    #expect(checkpoint.sizes.layerCount == expected.layerCount)
    #expect(checkpoint.sizes.expertCount == expected.experts)
    #expect(checkpoint.sizes.hiddenSize == expected.hidden)
    #expect(checkpoint.sizes.expertWidth == expected.width)
    #expect(checkpoint.sizes.sharedWidth == expected.shared)
    #expect(checkpoint.layers.map(\.index) == expected.moeLayers)
    for layer in checkpoint.layers {
      let router = try layer.router.get()
      #expect(router.shape == [expected.experts, expected.hidden])
      for projection in Projection.allCases {
        let weights = try #require(layer.experts[projection]).map { try $0.get() }
        #expect(weights.count == expected.experts)
        for (expert, weight) in weights.enumerated() {
          #expect(
            weight.shape
              == (projection == .down
                ? [expected.hidden, expected.width] : [expected.width, expected.hidden]))
          #expect(weight.name.contains("layers.\(layer.index)."))
          #expect(weight.name.contains("experts.\(expert)."))
          #expect(weight.elementType == .bf16)
        }
        let shared = try layer.shared[projection]?.get()
        let sharedShape = expected.shared.map {
          projection == .down ? [expected.hidden, $0] : [$0, expected.hidden]
        }
        #expect(shared?.shape == sharedShape)
      }
      // Router, experts and the shared one: nothing more, nothing less.
      let matrices = expected.experts + (expected.shared == nil ? 0 : 1)
      #expect(layer.weights.count == 1 + 3 * matrices)
    }
  }

  @Test("gate, up and down are told apart by name, not by shape")
  func projections() throws {
    let mixtral = try Checkpoint(path: Fixture.url("families/mixtral/hub").path)
    let olmoe = try Checkpoint(path: Fixture.url("families/olmoe/hub").path)
    let names: [Projection: String] = [.gate: "w1", .up: "w3", .down: "w2"]
    for projection in Projection.allCases {
      let name = try #require(names[projection])
      let first = try #require(mixtral.layers[1].experts[projection]?[2]).get()
      #expect(
        first.name == "model.layers.1.block_sparse_moe.experts.2.\(name).weight")
      let second = try #require(olmoe.layers[1].experts[projection]?[2]).get()
      #expect(
        second.name == "model.layers.1.mlp.experts.2.\(projection.rawValue).weight")
      // The two fixtures hold the same experts under different names.
      #expect(try matrix(first) == matrix(second))
    }
  }

  @Test("HDF5 with dotted and with nested names holds what the safetensors files hold")
  func hdf5() throws {
    let hub = try Checkpoint(path: Fixture.url("families/deepseek_v1/hub").path)
    let expected = hub.layers.flatMap(\.weights)
    #expect(expected.count == 2 * (1 + 3 * 7))
    for folder in ["hdf5-dotted", "hdf5-nested"] {
      let twin = try Checkpoint(path: Fixture.url("families/deepseek_v1/\(folder)").path)
      #expect(twin.tensorCount == hub.tensorCount)
      let weights = twin.layers.flatMap(\.weights)
      #expect(weights.map(\.name) == expected.map(\.name))
      #expect(weights.map(\.shape) == expected.map(\.shape))
      #expect(weights.map(\.storedType) == expected.map(\.storedType))
      for (one, other) in zip(weights, expected) {
        #expect(try matrix(one) == matrix(other), "\(folder): \(one.name)")
      }
    }
  }

  @Test("One model stored in several ways holds the same matrices", arguments: Fixture.twins)
  func sameMatrices(folders: [String]) throws {
    let first = try Checkpoint(path: Fixture.url(folders[0]).path)
    #expect(first.problems == [])
    for folder in folders.dropFirst() {
      let twin = try Checkpoint(path: Fixture.url(folder).path)
      #expect(twin.problems == [])
      #expect(twin.layers.map(\.index) == first.layers.map(\.index))
      for (one, other) in zip(first.layers.flatMap(\.weights), twin.layers.flatMap(\.weights)) {
        #expect(try matrix(one) == matrix(other), "\(one.name) and \(other.name)")
      }
      #expect(first.layers.flatMap(\.weights).count == twin.layers.flatMap(\.weights).count)
    }
  }

  @Test("A distributed save is refused")
  func distributedSave() {
    let folder = Fixture.url("families/qwen2_moe/dcp_dp").path
    #expect(
      throws: CheckpointError.distributedSave(
        path: "\(folder)/shard-00001-model-00001-of-00001.safetensors")
    ) {
      try Checkpoint(path: folder)
    }
  }

  private func matrix(_ weight: Weight) throws -> Matrix<Float> {
    var reader = WeightReader()
    try reader.read(weight)
    return reader.matrix
  }
}
