import HDF5Files
import LinearAlgebra
import TestSupport
import Tensors

/// Activations of a toy checkpoint made in a test, to be changed before they are written.
struct ToyCapture: Sendable {
  /// What was captured of a layer: one row for each token.
  struct Layer: Sendable {
    var input: Matrix<Double>
    var logits: Matrix<Double>?
    var shuffled: Matrix<Double>?
  }

  enum Form: Sendable, CaseIterable {
    case hdf5, safetensors
  }

  var layers: [Int: Layer]
  /// The first token of each sequence, and the number of all.
  var offsets: [Int]
  /// Whether each row is a token; none where that is not told.
  var mask: [Int] = []
  /// The number of tokens of each sequence; none where that is not told.
  var lengths: [Int] = []
  /// What the tokens are; none where that is not told.
  var tokens: [Int] = []
  /// How activations are stored.
  var type = ElementType.f32

  /// One sequence of layer 0.
  init(
    _ input: Matrix<Double>, logits: Matrix<Double>? = nil, shuffled: Matrix<Double>? = nil
  ) {
    layers = [0: Layer(input: input, logits: logits, shuffled: shuffled)]
    offsets = [0, input.rowCount]
  }

  /// Several sequences of layer 0, one after the other.
  init(sequences: [Matrix<Double>]) {
    let width = sequences[0].columnCount
    let input = Matrix(
      rowCount: sequences.reduce(0) { $0 + $1.rowCount }, columnCount: width,
      elements: sequences.flatMap(\.elements))
    self.init(input)
    offsets = sequences.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.rowCount) }
  }

  private var tensors: [ToyTensor] {
    var tensors = [
      ToyTensor(
        name: "sequence_offsets", type: .i64, shape: [offsets.count], bytes: bytes(of: offsets))
    ]
    for (name, numbers) in [
      ("attention_mask", mask), ("sequence_lengths", lengths), ("tokens", tokens),
    ]
    where !numbers.isEmpty {
      tensors.append(
        ToyTensor(name: name, type: .i64, shape: [numbers.count], bytes: bytes(of: numbers)))
    }
    func add(_ name: String, _ matrix: Matrix<Double>?) {
      guard let matrix else { return }
      tensors.append(
        ToyTensor(name, type, [matrix.rowCount, matrix.columnCount], values: matrix.elements))
    }
    for (index, layer) in layers.sorted(by: { $0.key < $1.key }) {
      add("layers.\(index).moe_input", layer.input)
      add("layers.\(index).router_logits", layer.logits)
      add("shuffled.layers.\(index).moe_input", layer.shuffled)
    }
    if layers.values.contains(where: { $0.shuffled != nil }) {
      // Which token came where does not matter to the analysis: rows are back in their order.
      let places = zip(offsets, offsets.dropFirst()).flatMap { Array(0..<$1 - $0) }
      tensors.append(
        ToyTensor(
          name: "shuffled.permutation", type: .i64, shape: [places.count],
          bytes: bytes(of: places)))
    }
    return tensors
  }

  /// Writes the capture into a folder, and returns its path there.
  func written(
    in folder: TemporaryFolder, named name: String = "activations", as form: Form = .hdf5
  ) throws -> String {
    let path = folder.path("\(name).\(form == .hdf5 ? "h5" : "safetensors")")
    switch form {
    case .hdf5: try writeHDF5(tensors, to: path)
    case .safetensors: try writeSafetensors(tensors, to: path)
    }
    return path
  }
}

/// Writes tensors as one HDF5 file.
func writeHDF5(_ tensors: [ToyTensor], to path: String) throws {
  let writer = try HDF5Writer(path: path, naming: .nested)
  for tensor in tensors {
    // Safe: bytes have no padding.
    try unsafe writer.write(tensor.description, bytes: tensor.bytes.span.bytes)
  }
  try writer.finish()
}

private func bytes(of values: [Int]) -> [UInt8] {
  values.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}
