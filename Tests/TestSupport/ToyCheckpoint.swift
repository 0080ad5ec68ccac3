public import HDF5Files
import SafetensorsFiles
public import Tensors

/// A small checkpoint made in a test: config.json and tensors, to be changed before it is written.
public struct ToyCheckpoint: Sendable {
  /// How the weights lie on the disk.
  public enum Form: Sendable {
    /// One `model.safetensors`.
    case single
    /// So many shards and an index; tensors are dealt out in turn.
    case shards(Int)
    /// One `model.h5`.
    case hdf5(HDF5Writer.Naming)
  }

  /// The keys of config.json.
  public var config: [String: JSONText]
  /// The tensors, in the order of the files.
  public var tensors: [ToyTensor] = []

  /// Starts with a config and no tensor.
  public init(config: [String: JSONText]) {
    self.config = config
  }

  /// Adds the tensors of one layer with experts, seeded by their place.
  public mutating func addLayer(
    _ index: Int, names: ToyLayerNames = ToyLayerNames(), experts: Int, hidden: Int, width: Int,
    sharedWidth: Int? = nil, type: ElementType = .bf16
  ) {
    let start = "\(names.prefix)layers.\(index).\(names.block)."
    var seed = UInt64(index) << 32
    func add(_ name: String, _ shape: [Int]) {
      seed += 1
      tensors.append(ToyTensor(start + name, type, shape, seed: seed))
    }
    add(names.router, [experts, hidden])
    for expert in 0..<experts {
      add("experts.\(expert).\(names.gate).weight", [width, hidden])
      add("experts.\(expert).\(names.up).weight", [width, hidden])
      add("experts.\(expert).\(names.down).weight", [hidden, width])
    }
    if let sharedWidth {
      add("\(names.shared).gate_proj.weight", [sharedWidth, hidden])
      add("\(names.shared).up_proj.weight", [sharedWidth, hidden])
      add("\(names.shared).down_proj.weight", [hidden, sharedWidth])
    }
  }

  /// The tensor of that name, to be read or replaced; nil takes it away.
  public subscript(name: String) -> ToyTensor? {
    get { tensors.first { $0.name == name } }
    set {
      guard let place = tensors.firstIndex(where: { $0.name == name }) else {
        preconditionFailure("the toy checkpoint has no tensor '\(name)'")
      }
      if let newValue { tensors[place] = newValue } else { tensors.remove(at: place) }
    }
  }

  /// Writes the checkpoint into a folder.
  ///
  /// - Throws: The errors of the rooms that write, and of the system.
  public func write(to folder: TemporaryFolder, as form: Form = .single) throws {
    try folder.write(JSONText(config).text, as: "config.json")
    switch form {
    case .single:
      try writeSafetensors(tensors, to: folder.path("model.safetensors"))
    case .shards(let count):
      var map: [String: JSONText] = [:]
      for shard in 0..<count {
        let name = "model-\(shard + 1)-of-\(count).safetensors"
        let part = tensors.enumerated().filter { $0.offset % count == shard }.map(\.element)
        try writeSafetensors(part, to: folder.path(name))
        for tensor in part { map[tensor.name] = JSONText(stringLiteral: name) }
      }
      try folder.write(
        JSONText(["weight_map": JSONText(map)]).text, as: "model.safetensors.index.json")
    case .hdf5(let naming):
      let writer = try HDF5Writer(path: folder.path("model.h5"), naming: naming)
      for tensor in tensors {
        // Safe: bytes have no padding.
        try unsafe writer.write(tensor.description, bytes: tensor.bytes.span.bytes)
      }
      try writer.finish()
    }
  }

  /// Writes the checkpoint into a new folder.
  ///
  /// - Throws: The errors of the rooms that write, and of the system.
  public func written(as form: Form = .single) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try write(to: folder, as: form)
    return folder
  }
}

/// What the tensors of a toy layer are called.
public struct ToyLayerNames: Sendable {
  /// What stands before `layers.`.
  public var prefix = "model."
  /// The MoE block.
  public var block = "mlp"
  /// The router inside the block.
  public var router = "gate.weight"
  /// gate_proj of a routed expert.
  public var gate = "gate_proj"
  /// up_proj of a routed expert.
  public var up = "up_proj"
  /// down_proj of a routed expert.
  public var down = "down_proj"
  /// The shared expert inside the block.
  public var shared = "shared_experts"

  /// The names of most families.
  public init() {}

  /// The names of Mixtral.
  public static var mixtral: ToyLayerNames {
    var names = ToyLayerNames()
    (names.block, names.gate, names.up, names.down) = ("block_sparse_moe", "w1", "w3", "w2")
    return names
  }
}

/// Writes tensors as one safetensors file.
///
/// - Throws: The writer's errors.
public func writeSafetensors(
  _ tensors: [ToyTensor], to path: String, metadata: [String: String] = [:]
) throws {
  var writer = try SafetensorsWriter(
    path: path, tensors: tensors.map(\.description), metadata: metadata)
  for tensor in tensors {
    // Safe: bytes have no padding.
    try unsafe writer.append(tensor.bytes.span.bytes)
  }
  try writer.finish()
}
