import HDF5Files
import SafetensorsFiles
import Tensors
import TestSupport

/// A small capture made in a test, to be changed before it is written.
struct ToyCapture: Sendable {
  enum Form: Sendable, CaseIterable {
    case safetensors
    case safetensorsSlashes
    case hdf5Nested
    case hdf5Dotted

    var ending: String {
      switch self {
      case .safetensors, .safetensorsSlashes: "safetensors"
      case .hdf5Nested, .hdf5Dotted: "h5"
      }
    }
  }

  /// The tensors, under dotted names.
  var tensors: [ToyTensor] = []
  /// What the file says of itself.
  var attributes = ["hidden_size": "4", "model": "toy"]

  /// The first tokens of the three sequences, and the number of all.
  static let offsets = [0, 5, 6, 11]
  static let permutation = [4, 0, 3, 1, 2, 0, 1, 0, 4, 2, 3]
  static let tokenCount = 11

  /// A sound capture of layers 0 and 2, width 4 and 3 experts.
  init(type: ElementType = .f32) {
    tensors = [
      integers("sequence_offsets", Self.offsets),
      integers("shuffled.permutation", Self.permutation),
      integers("tokens", Array(0..<Self.tokenCount)),
    ]
    for layer in [0, 2] {
      let seed = UInt64(layer) << 8
      let shape = [Self.tokenCount, 4]
      tensors += [
        ToyTensor("layers.\(layer).moe_input", type, shape, seed: seed),
        ToyTensor("layers.\(layer).router_logits", type, [Self.tokenCount, 3], seed: seed + 1),
        ToyTensor("shuffled.layers.\(layer).moe_input", type, shape, seed: seed + 2),
      ]
    }
  }

  /// The tensor of that name; setting it replaces it, adds it or, with nil, takes it away.
  subscript(name: String) -> ToyTensor? {
    get { tensors.first { $0.name == name } }
    set {
      let place = tensors.firstIndex { $0.name == name }
      if let place { tensors.remove(at: place) }
      if let newValue { tensors.insert(newValue, at: place ?? tensors.count) }
    }
  }

  /// Writes the capture into a folder, and returns its path there.
  func written(
    as form: Form = .safetensors, named name: String = "capture", in folder: TemporaryFolder
  ) throws -> String {
    let path = folder.path("\(name).\(form.ending)")
    switch form {
    case .safetensors:
      try writeSafetensors(tensors, to: path, metadata: attributes)
    case .safetensorsSlashes:
      let renamed = tensors.map { $0.named($0.name.replacing(".", with: "/")) }
      try writeSafetensors(renamed, to: path, metadata: attributes)
    case .hdf5Nested, .hdf5Dotted:
      let writer = try HDF5Writer(
        path: path, naming: form == .hdf5Nested ? .nested : .dotted, attributes: attributes)
      for tensor in tensors {
        // Safe: bytes have no padding.
        try unsafe writer.write(tensor.description, bytes: tensor.bytes.span.bytes)
      }
      try writer.finish()
    }
    return path
  }
}

/// A list of integers as a tensor of any integer type; too large or negative ones are cut to it.
func integers(_ name: String, _ values: [Int], _ type: ElementType = .i64) -> ToyTensor {
  let byteCount = type.bitCount / 8
  let bytes = values.flatMap { value in
    (0..<byteCount).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  return ToyTensor(name: name, type: type, shape: [values.count], bytes: bytes)
}
