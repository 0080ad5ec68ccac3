import Checkpoints
import Experts
import Foundation
import GGUFFiles
import TestSupport
import Tensors
import Testing

/// Checks that a model in GGUF files is the one in safetensors that it was made from.
@Suite struct GGUFCheckpointTests {
  /// A model in GGUF, and the same in safetensors.
  struct Twins: Sendable, CustomTestStringConvertible {
    let gguf: String
    let safetensors: String
    let family: String

    var testDescription: String { gguf }

    init(_ gguf: String, _ safetensors: String, _ family: String) {
      self.gguf = "gguf/\(gguf)"
      self.safetensors = safetensors
      self.family = family
    }
  }

  static let twins = [
    Twins("qwen2_moe.gguf", "families/qwen2_moe/hub", "qwen2_moe"),
    Twins("mixtral-00001-of-00003.gguf", "families/mixtral/hub", "mixtral"),
    Twins("mixtral-00003-of-00003.gguf", "families/mixtral/hub", "mixtral"),
    Twins("gpt_oss.gguf", "families/gpt_oss/hub", "gpt_oss"),
    Twins("deepseek_v3.gguf", "families/deepseek_v3/hub", "deepseek_v3"),
    Twins("llama4_text.gguf", "families/llama4_text/hub", "llama4"),
    Twins("quantised.gguf", "gguf/quantised", "qwen3_moe"),
  ]

  @Test("every matrix is that of the twin, bit for bit", arguments: twins)
  func matrices(twins: Twins) throws {
    let gguf = try Checkpoint(path: Fixture.url(twins.gguf).path)
    let twin = try Checkpoint(path: Fixture.url(twins.safetensors).path)
    #expect(gguf.isGGUF && !twin.isGGUF)
    #expect(gguf.problems.isEmpty)
    #expect(gguf.remarks.isEmpty)
    #expect(gguf.family == twins.family && gguf.chosenFamily == nil)
    #expect(gguf.sizes == twin.sizes)
    #expect(gguf.projections == twin.projections)
    #expect(gguf.layers.map(\.index) == twin.layers.map(\.index))
    #expect(gguf.unmeasured() == twin.unmeasured())
    for (layer, other) in zip(gguf.layers, twin.layers) {
      try expectSame(layer.router, other.router)
      #expect(layer.expertNumbers == other.expertNumbers)
      for projection in Projection.allCases {
        let (found, expected) = (layer.experts[projection] ?? [], other.experts[projection] ?? [])
        #expect(found.count == expected.count && !found.isEmpty)
        for (weight, twin) in zip(found, expected) { try expectSame(weight, twin) }
        #expect((layer.shared[projection] == nil) == (other.shared[projection] == nil))
        if let weight = layer.shared[projection], let twin = other.shared[projection] {
          try expectSame(weight, twin)
        }
      }
    }
  }

  private func expectSame(_ found: MoELayer.FoundWeight, _ expected: MoELayer.FoundWeight) throws {
    let (weight, twin) = (try found.get(), try expected.get())
    var (first, second) = (WeightReader(), WeightReader())
    try first.read(weight)
    try second.read(twin)
    #expect(weight.shape == twin.shape)
    let isSame = first.matrix.elements.map(\.bitPattern) == second.matrix.elements.map(\.bitPattern)
    #expect(isSame, "\(weight.name)")
  }

  @Test("routing is that of the twin", arguments: twins)
  func routing(twins: Twins) throws {
    let gguf = try Checkpoint(path: Fixture.url(twins.gguf).path)
    let twin = try Checkpoint(path: Fixture.url(twins.safetensors).path)
    for layer in gguf.layers {
      let rule = try gguf.routingRule(ofLayer: layer.index)
      let expected = try twin.routingRule(ofLayer: layer.index)
      #expect("\(rule)" == "\(expected)")
    }
  }

  @Test("messages name weights as the file does")
  func names() throws {
    let stacked = try Checkpoint(path: Fixture.url("gguf/quantised.gguf").path)
    let weight = try #require(stacked.layers[0].experts[.gate]?[2]).get()
    #expect(weight.name == "blk.0.ffn_gate_exps.weight[2]")
    #expect(weight.storage == "GGUF Q4_K, blocks of 256")
    #expect(weight.elementType == .f32)
    let each = try Checkpoint(path: Fixture.url("gguf/mixtral-00002-of-00003.gguf").path)
    #expect(try each.layers[1].experts[.down]?[3].get().name == "blk.1.ffn_down.3.weight")
    #expect(each.fileCount == 3)
    #expect(each.use(of: "blk.1.ffn_down.3.weight")?.role == .expertDown)
    #expect(each.use(of: "blk.0.attn_norm.weight")?.role == .attentionNorm)
    // llama.cpp has permuted them.
    #expect(each.use(of: "blk.0.attn_q.weight") == nil)
    #expect(each.use(of: "blk.0.attn_v.weight")?.role == .value)
    #expect(each.tensorNames(of: .outputHead) == ["output.weight"])
  }

  // MARK: Folders and parts

  @Test("a folder of one model is opened, what stands beside it is told")
  func folder() throws {
    let folder = try TemporaryFolder()
    try copy("quantised.gguf", to: folder, as: "model-q4.gguf")
    try copy("blocks.gguf", to: folder, as: "mmproj-model.gguf")
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(checkpoint.family == "qwen3_moe" && checkpoint.path == folder.path)
    #expect(
      checkpoint.remarks
        == [.unreadFiles(["mmproj-model.gguf"], reason: "model-q4.gguf is the language model")])
    try copy("qwen2_moe.gguf", to: folder, as: "model-q8.gguf")
    #expect(
      throws: CheckpointError.severalGGUF(
        path: folder.path, names: ["model-q4.gguf", "model-q8.gguf"])
    ) { try Checkpoint(path: folder.path) }
    #expect(try Checkpoint(path: folder.path("model-q8.gguf")).family == "qwen2_moe")
  }

  @Test("safetensors go before GGUF")
  func beside() throws {
    let folder = try TemporaryFolder()
    for name in ["config.json", "model.safetensors"] {
      try copy("quantised/\(name)", to: folder, as: name)
    }
    try copy("quantised.gguf", to: folder, as: "model.gguf")
    let checkpoint = try Checkpoint(path: folder.path)
    #expect(!checkpoint.isGGUF)
  }

  @Test("a part that is missing is told, whichever part is named")
  func missingPart() throws {
    let folder = try TemporaryFolder()
    let parts = (1...3).map { "mixtral-0000\($0)-of-00003.gguf" }
    for part in [parts[0], parts[2]] { try copy(part, to: folder, as: part) }
    let error = CheckpointError.incompleteSet(
      path: folder.path, file: parts[1], sample: parts[0], count: 2)
    for path in [folder.path, folder.path(parts[0]), folder.path(parts[2])] {
      #expect(throws: error) { try Checkpoint(path: path) }
    }
    // Under a name that does not tell, the metadata do.
    let renamed = try TemporaryFolder()
    try copy(parts[0], to: renamed, as: "m.gguf")
    let path = renamed.path("m.gguf")
    let message = "says that the model has 3 parts, and 1 of that name is here"
    #expect(
      throws: CheckpointError.badGGUF(path: path, key: "split.count", reason: message)
    ) { try Checkpoint(path: path) }
    try copy(parts[2], to: renamed, as: "n-00001-of-00003.gguf")
    try copy(parts[1], to: renamed, as: "n-00002-of-00003.gguf")
    try copy(parts[0], to: renamed, as: "n-00003-of-00003.gguf")
    let first = renamed.path("n-00001-of-00003.gguf")
    #expect(
      throws: CheckpointError.badGGUF(
        path: first, key: "split.no", reason: "says that it is part 3, and its name 1")
    ) { try Checkpoint(path: first) }
    // A count of another model: the value stands behind its name and the number of its kind.
    let other = try TemporaryFolder()
    for part in parts { try copy(part, to: other, as: part) }
    let second = other.path(parts[1])
    var bytes = try [UInt8](Data(contentsOf: URL(filePath: second)))
    let end = try #require(bytes.firstRange(of: Array("split.tensors.count".utf8))).upperBound
    let count = bytes[end + 4]
    bytes[end + 4] += 1
    try Data(bytes).write(to: URL(filePath: second))
    #expect(
      throws: CheckpointError.badGGUF(
        path: second, key: "split.tensors.count",
        reason: "says that the parts have \(count + 1) tensors, and they have \(count)")
    ) { try Checkpoint(path: other.path) }
  }

  private func copy(_ name: String, to folder: TemporaryFolder, as other: String) throws {
    try FileManager.default.copyItem(
      atPath: Fixture.url("gguf/\(name)").path, toPath: folder.path(other))
  }

  // MARK: Metadata

  /// A small model: `keys` are added to what every model has.
  private func write(
    _ architecture: String?, _ keys: [(name: String, value: ToyGGUF.Value)], without: String? = nil,
    to folder: TemporaryFolder
  ) throws -> String {
    var all = architecture.map { [("general.architecture", ToyGGUF.Value.text($0))] } ?? []
    let name = architecture ?? ""
    all += [
      ("\(name).embedding_length", .u32(8)), ("\(name).block_count", .u32(2)),
      ("\(name).feed_forward_length", .u32(16)), ("\(name).expert_count", .u32(2)),
      ("\(name).expert_used_count", .u32(1)),
    ]
    let more = Set(keys.map(\.name))
    all = all.filter { $0.0 != without && !more.contains($0.0) } + keys.map { ($0.name, $0.value) }
    let experts = [("gate", [2, 16, 8]), ("up", [2, 16, 8]), ("down", [2, 8, 16])].map {
      ToyGGUF.Tensor(ToyTensor("blk.1.ffn_\($0)_exps.weight", .f32, $1, seed: 1))
    }
    let router = ToyGGUF.Tensor(ToyTensor("blk.1.ffn_gate_inp.weight", .f32, [2, 8], seed: 2))
    let path = folder.path("m.gguf")
    try Data(ToyGGUF(all, experts + [router]).bytes).write(to: URL(filePath: path))
    return path
  }

  @Test("layers with experts are those that have some")
  func layers() throws {
    let folder = try TemporaryFolder()
    let checkpoint = try Checkpoint(path: write("llama", [], to: folder))
    #expect(checkpoint.layers.map(\.index) == [1] && checkpoint.sizes.layerCount == 2)
    #expect(checkpoint.modelType == "mixtral" && checkpoint.problems.isEmpty)
    // Layers for multi-token prediction are counted among the blocks.
    let further = try Checkpoint(
      path: write(
        "glm4moe",
        [
          ("glm4moe.nextn_predict_layers", .u32(1)), ("glm4moe.block_count", .u32(3)),
          ("glm4moe.expert_feed_forward_length", .u32(16)),
        ], to: folder))
    #expect(further.layers.map(\.index) == [1] && further.sizes.layerCount == 2)
  }

  @Test(
    "deepseek2 is V3 where experts are scored by sigmoid",
    arguments: [(2, "deepseek_v3"), (1, "deepseek_v2"), (nil, "deepseek_v2")])
  func deepseek(function: Int?, family: String) throws {
    let folder = try TemporaryFolder()
    let key = "deepseek2.expert_gating_func"
    let path = try write("deepseek2", function.map { [(key, .u32($0))] } ?? [], to: folder)
    #expect(try Checkpoint(path: path).family == family)
  }

  @Test("what metadata lack is told")
  func lacking() throws {
    let folder = try TemporaryFolder()
    func expect(_ error: CheckpointError, of path: String) {
      #expect(throws: error) { try Checkpoint(path: path) }
    }
    let path = folder.path("m.gguf")
    _ = try write(nil, [], to: folder)
    expect(.badGGUF(path: path, key: "general.architecture", reason: "is missing"), of: path)
    _ = try write("llama", [], without: "llama.embedding_length", to: folder)
    expect(.badGGUF(path: path, key: "llama.embedding_length", reason: "is missing"), of: path)
    let tensor = "there is tensor 'blk.1.ffn_gate_exps.weight'"
    _ = try write("llama", [], without: "llama.expert_count", to: folder)
    expect(
      .badGGUF(path: path, key: "llama.expert_count", reason: "is missing, but \(tensor)"), of: path
    )
    _ = try write("llama", [("llama.expert_count", .u32(0))], to: folder)
    expect(.badGGUF(path: path, key: "llama.expert_count", reason: "is 0, but \(tensor)"), of: path)
    // Keys are named as the file has them, not as config.json would.
    for (key, value, reason) in [
      ("expert_count", ToyGGUF.Value.text("two"), "is not a whole number"),
      ("feed_forward_length", .u32(0), "is 0, but must be positive"),
      ("embedding_length", .f32(1.5), "is not a whole number"),
    ] {
      _ = try write("llama", [("llama.\(key)", value)], to: folder)
      expect(.badGGUF(path: path, key: "llama.\(key)", reason: reason), of: path)
    }
    _ = try write("llama", [], without: "llama.feed_forward_length", to: folder)
    expect(.badGGUF(path: path, key: "llama.feed_forward_length", reason: "is missing"), of: path)
  }

  @Test("another family can be named for an architecture that is not known")
  func chosen() throws {
    let folder = try TemporaryFolder()
    let path = try write("mixture", [], to: folder)
    let checkpoint = try Checkpoint(path: path, family: ChosenFamily("mixtral"))
    #expect(checkpoint.family == "mixtral" && checkpoint.problems.isEmpty)
    #expect(checkpoint.layers.map(\.index) == [1])
  }

  @Test("a tensor that is missing is named as GGUF names it")
  func missingTensor() throws {
    let folder = try TemporaryFolder()
    let path = try write("llama", [], to: folder)
    var bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
    let name = Array("blk.1.ffn_up_exps.weight".utf8)
    let place = try #require(bytes.firstRange(of: name)).lowerBound
    bytes[place + 6] = UInt8(ascii: "x")
    try Data(bytes).write(to: URL(filePath: path))
    let checkpoint = try Checkpoint(path: path)
    let message = checkpoint.problems.first.map { "\($0)" } ?? ""
    #expect(
      message
        == "\(path): tensor 'blk.1.ffn_up_exps.weight' is missing, though the metadata promise it; download or convert it again"
    )
  }

  @Test("blocks that are not read are told by name")
  func unsupported() throws {
    let folder = try TemporaryFolder()
    let bytes = [UInt8](repeating: 0, count: 2 * 256 * 66)
    let experts = [("gate", [2, 256, 256]), ("up", [2, 256, 256]), ("down", [2, 256, 256])].map {
      ToyGGUF.Tensor("blk.0.ffn_\($0)_exps.weight", $1, type: 16, bytes: bytes)
    }
    let router = ToyGGUF.Tensor(ToyTensor("blk.0.ffn_gate_inp.weight", .f32, [2, 256], seed: 2))
    let toy = ToyGGUF(
      [
        ("general.architecture", .text("olmoe")), ("olmoe.embedding_length", .u32(256)),
        ("olmoe.block_count", .u32(1)), ("olmoe.feed_forward_length", .u32(256)),
        ("olmoe.expert_count", .u32(2)), ("olmoe.expert_used_count", .u32(1)),
      ], experts + [router])
    let path = folder.path("m.gguf")
    try Data(toy.bytes).write(to: URL(filePath: path))
    let checkpoint = try Checkpoint(path: path)
    let message = checkpoint.problems.first.map { "\($0)" } ?? ""
    #expect(
      message
        == "\(path): tensor 'blk.0.ffn_gate_exps.weight' of type IQ2_XXS holds blocks of IQ2_XXS, which this version does not read; quantise the model as one of Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4"
    )
  }

  // MARK: Names

  @Test("names are those of gguf's tensor_mapping", arguments: architectures.keys.sorted())
  func mapping(architecture: String) throws {
    let folder = try TemporaryFolder()
    let names = try #require(Self.architectures[architecture])
    let checkpoint = try Checkpoint(path: write(architecture, [], to: folder))
    var unknown: Set<String> = []
    for (name, plain) in names {
      guard let found = checkpoint.plainName(ofGGUF: name) else {
        unknown.insert(name)
        continue
      }
      #expect(found == Self.expected(plain, of: name, in: architecture), "\(name)")
    }
    #expect(unknown == Set(Self.unknown[architecture] ?? []))
  }

  @Test("every architecture that is known is one whose names are held against the mapping")
  func allArchitectures() throws {
    let folder = try TemporaryFolder()
    let path = try write("wavtokenizer-dec", [], to: folder)
    #expect(
      throws: CheckpointError.unknownArchitecture(
        path: path, architecture: "wavtokenizer-dec", known: Self.architectures.keys.sorted())
    ) { try Checkpoint(path: path) }
  }

  /// What the family has for a name of the mapping.
  private static func expected(_ plain: String, of name: String, in architecture: String) -> String
  {
    var plain = plain
    switch architecture {
    // transformers saves them in another block than Kimi's own code.
    case "kimi-linear": plain = plain.replacing(".mlp.", with: ".block_sparse_moe.")
    // Of the prefixes that the family has, the shortest stands for the language model alone.
    case "nemotron_h_moe": plain = plain.replacing(/^backbone\./, with: "model.")
    default: break
    }
    guard let match = name.firstMatch(of: /ffn_(.+)_exps\.weight$/) else { return plain }
    // Experts are stacked here, whatever the family has; their names are then the program's own.
    let block =
      plain.firstRange(of: ".experts.").map { plain[..<$0.lowerBound] }
      ?? plain.prefix(plain.split(separator: ".").dropLast(2).joined(separator: ".").count)
    return "\(block).experts.\(match.1)_proj.weight"
  }

  /// Names for which the family has none: of tensors that llama.cpp changes when it converts them,
  /// and of mixers and norms that have no role of their own.
  private static let unknown: [String: [String]] = [
    "bailingmoe": ["output.weight"], "bailingmoe2": ["output.weight"],
    "deepseek": ["blk.1.attn_k.weight", "blk.1.attn_q.weight"],
    "glm-dsa": [
      "blk.1.indexer.attn_k.weight", "blk.1.indexer.attn_q_b.weight", "blk.1.indexer.k_norm.bias",
      "blk.1.indexer.k_norm.weight", "blk.1.indexer.proj.weight",
    ],
    "granitehybrid": [
      "blk.1.attn_k.bias", "blk.1.attn_k.weight", "blk.1.attn_q.bias", "blk.1.attn_q.weight",
    ],
    "granitemoe": [
      "blk.1.attn_k.bias", "blk.1.attn_k.weight", "blk.1.attn_q.bias", "blk.1.attn_q.weight",
    ],
    "llama": ["blk.1.attn_k.weight", "blk.1.attn_q.weight"],
    "nemotron_h_moe": [
      "blk.1.attn_norm.weight", "blk.1.ssm_conv1d.weight", "blk.1.ssm_in.weight",
      "blk.1.ssm_norm.weight", "blk.1.ssm_out.weight",
    ],
    "qwen35moe": [
      "blk.1.attn_gate.weight", "blk.1.attn_k_norm.weight", "blk.1.attn_norm.weight",
      "blk.1.attn_q_norm.weight", "blk.1.attn_qkv.weight", "blk.1.post_attention_norm.weight",
      "blk.1.ssm_alpha.weight", "blk.1.ssm_beta.weight", "blk.1.ssm_conv1d.weight",
      "blk.1.ssm_norm.weight", "blk.1.ssm_out.weight", "output_norm.weight",
    ],
    "qwen3next": [
      "blk.1.attn_k_norm.weight", "blk.1.attn_norm.weight", "blk.1.attn_q_norm.weight",
      "blk.1.post_attention_norm.weight", "blk.1.ssm_ba.weight", "blk.1.ssm_conv1d.weight",
      "blk.1.ssm_in.weight", "blk.1.ssm_norm.weight", "blk.1.ssm_out.weight", "output_norm.weight",
    ],
  ]

  static let architectures: [String: [String: String]] = {
    (try? Fixture.decode(from: "gguf/names.json")) ?? [:]
  }()
}
