import Checkpoints
import Experts
import Foundation
import Tensors
import TestSupport
import Testing

/// Checks a small model of each MoE type that transformers 5.24 has, under the names of published
/// checkpoints and under its own; `models.json` was written from the models in memory.
@Suite struct TransformersFamilyTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  struct Model: Decodable {
    let layers: [Int]
    let projections: Int
    let shared: Int?
  }

  static let models: [String: Model] =
    (try? Fixture.decode(from: "transformers-families/models.json")) ?? [:]

  @Test("All are there")
  func all() {
    #expect(Self.models.count == 72)
  }

  @Test(
    "Opens with all its experts, which are the same in both forms", arguments: models.keys.sorted())
  func forms(type: String) throws {
    let model = try #require(Self.models[type])
    let expertCount = 4
    var forms: [[String: Matrix<Float>]] = []
    for form in ["hub", "fused"] {
      let checkpoint = try self.checkpoint(type, form)
      #expect(checkpoint.problems == [])
      #expect(checkpoint.layers.map(\.index) == model.layers)
      #expect(checkpoint.sizes.sharedWidth == model.shared)
      for layer in checkpoint.layers {
        #expect(layer.expertCount == expertCount)
        #expect(
          layer.experts.values.map(\.count)
            == Array(repeating: expertCount, count: model.projections))
        #expect(layer.shared.count == (model.shared == nil ? 0 : model.projections))
        #expect(try layer.router.get().shape == [expertCount, 16])
      }
      forms.append(try matrices(of: checkpoint))
    }
    #expect(forms[0].keys.sorted() == forms[1].keys.sorted())
    for (name, matrix) in forms[0] { #expect(matrix == forms[1][name], "\(type): \(name)") }
    // Nothing is read from the elements of something else.
    let distinct = Set(forms[0].values.map(\.elements))
    #expect(distinct.count == forms[0].count)
  }

  @Test(
    "Vision experts of ERNIE 4.5 VL are told by their width, and measured where it is asked for")
  func twoWidths() throws {
    var forms: [[[Float]]] = []
    for form in ["hub", "fused"] {
      let texts = try checkpoint("ernie4_5_vl_moe", form).unmeasured().map(\.text)
      #expect(texts.count == 1)
      #expect(texts.first?.contains("of width 12, where those of width 8 are measured") == true)
      let vision = try checkpoint("ernie4_5_vl_moe", form, expertWidth: 12)
      #expect(vision.problems == [])
      #expect(vision.layers.map(\.expertNumbers.count) == [4, 4])
      forms.append(try matrices(of: vision).sorted { $0.key < $1.key }.map(\.value.elements))
    }
    #expect(Set(forms[0]) == Set(forms[1]))
  }

  @Test("Routers with rows for more than the routed experts are no rule of routing")
  func otherRows() throws {
    for type in ["longcat_flash", "inkling_text"] {
      let checkpoint = try self.checkpoint(type, "hub")
      #expect {
        try checkpoint.routingRule(ofLayer: 0)
      } throws: {
        "\($0)".contains("has a router of 6 rows for 4 experts")
      }
    }
  }

  @Test("Dense parts beside experts are not taken for experts")
  func denseBeside() throws {
    let texts = try checkpoint("longcat_flash", "fused").unmeasured().map(\.text)
    #expect(texts == [])
  }

  @Test("The experts of DBRX have places in tensors of two axes")
  func flatPlaces() throws {
    let checkpoint = try self.checkpoint("dbrx", "hub")
    let names: [Projection: String] = [.gate: "w1", .up: "v1", .down: "w2"]
    for projection in Projection.allCases {
      let places = checkpoint.expertPlaces(ofLayer: 1, projection: projection)
      #expect(places.map(\.shape) == Array(repeating: [32, 16], count: 4))
      #expect(places.map { $0.firstElement(ofRow: 3) } == [0, 1, 2, 3].map { ($0 * 8 + 3) * 16 })
      #expect(
        Set(places.map(\.tensor))
          == ["transformer.blocks.1.ffn.experts.mlp.\(names[projection] ?? "")"])
    }
    let weights = try #require(checkpoint.layers[1].experts[.down]).map { try $0.get() }
    #expect(weights.map(\.shape) == Array(repeating: [16, 8], count: 4))
    #expect(
      checkpoint.expertWeightNames(ofLayer: 1, projection: .down).first
        == "transformer.blocks.1.ffn.experts.0.down_proj")
  }

  @Test(
    "A wrapper is read by the model_type of its language model",
    arguments: ["llm_config", "text_config", "language_config"])
  func wrapper(key: String) throws {
    let plain = try checkpoint("qwen3_moe", "hub")
    let config = try String(
      contentsOf: Fixture.url("transformers-families/qwen3_moe/config.json"), encoding: .utf8)
    try folder.write(
      "{\"model_type\": \"some_chat\", \"hidden_size\": 7, \"\(key)\": \(config)}",
      as: "wrapper/config.json")
    try FileManager.default.copyItem(
      atPath: "\(plain.path)/model.safetensors", toPath: folder.path("wrapper/model.safetensors"))
    let wrapped = try Checkpoint(path: folder.path("wrapper"))
    #expect(wrapped.family == "qwen3_moe" && wrapped.modelType == "some_chat")
    #expect(wrapped.problems == [])
    #expect(try matrices(of: wrapped) == matrices(of: plain))
    #expect(try wrapped.routingRule(ofLayer: 0).expertsPerToken == 2)
  }

  private func checkpoint(
    _ type: String, _ form: String, expertWidth: Int? = nil
  ) throws -> Checkpoint {
    let path = folder.path("\(type)-\(form)")
    if !FileManager.default.fileExists(atPath: path) {
      try Fixture.copyTransformersModel(type, form, to: path)
    }
    return try Checkpoint(path: path, expertWidth: expertWidth)
  }

  private func matrices(of checkpoint: Checkpoint) throws -> [String: Matrix<Float>] {
    var reader = WeightReader()
    var matrices: [String: Matrix<Float>] = [:]
    for layer in checkpoint.layers {
      for projection in Projection.allCases {
        for (expert, weight) in zip(layer.expertNumbers, layer.experts[projection] ?? []) {
          try reader.read(weight.get())
          matrices["\(layer.index) \(projection) \(expert)"] = reader.matrix
        }
        guard let shared = layer.shared[projection] else { continue }
        try reader.read(shared.get())
        matrices["\(layer.index) \(projection) shared"] = reader.matrix
      }
      try reader.read(layer.router.get())
      matrices["\(layer.index) router"] = reader.matrix
    }
    return matrices
  }
}
