import TensorFiles
import Tensors

/// Activations captured from a model: the input of each MoE block, the router's logits and the
/// shuffled pass.
///
/// An HDF5 or safetensors file. Where a sequence begins, the input of each layer's block, and what
/// else there is of it lie under `sequence_offsets`, `layers/{L}/moe_input`,
/// `layers/{L}/router_logits`, `shuffled/layers/{L}/moe_input`, `shuffled/permutation` and
/// `tokens`; dots stand for slashes where the file spells names so. Tensors of other names are no
/// concern of it.
///
/// ```swift
/// let capture = try Capture(path: "activations.h5")
/// var reader = ActivationReader()
/// for layer in capture.layers {
///   let block = try reader.read(0..<min(4096, capture.tokenCount), of: layer.input)
/// }
/// ```
public struct Capture: Sendable {
  /// Where the file lies, as the user would write it.
  public let path: String
  /// The width of the blocks' input, *d*.
  public let hiddenSize: Int
  /// What the file says of its model, in the attribute `model`; nil where it says nothing.
  public let model: String?
  /// The number of tokens, *T*.
  public let tokenCount: Int
  /// The tokens of each sequence; together, in order, they are all tokens.
  public let sequences: [Range<Int>]
  /// The layers that were captured, ascending.
  public let layers: [CapturedLayer]

  private let stored: StoredTensors
  /// Lists that are small beside the activations, so that samples of the file may miss them.
  private let integers: [TensorDescription]

  /// Opens a capture and checks all that its header, its offsets and its permutation can show.
  ///
  /// Whether activations are finite shows when they are read.
  ///
  /// - Parameter path: An HDF5 or safetensors file.
  /// - Throws: ``CaptureError`` when the file is no sound capture; the errors of its format's room
  ///   when it cannot be opened or read.
  /// - Complexity: O(*T*) time, and memory of one bit for each token of the longest sequence, one
  ///   range for each sequence, and a block of 65,536 numbers.
  public init(path: String) throws {
    let stored = try StoredTensors(path: path)
    let contents = try CaptureContents(of: stored)
    let layers = try contents.layers()
    guard let first = layers.first?.input else { throw CaptureError.noLayers(path: path) }
    try contents.requireHiddenSize(of: first)
    try contents.requireTokens(count: first.rowCount)

    let offsets = try contents.sequenceOffsets()
    sequences = try sequenceRanges(from: offsets, of: stored.file, tokenCount: first.rowCount)
    let permutation = try contents.permutation(tokenCount: first.rowCount)
    if let permutation {
      try requirePermutation(permutation, of: stored.file, within: sequences)
    }
    integers = [offsets, permutation, contents.tokens].compactMap(\.self)

    self.path = path
    self.stored = stored
    self.layers = layers
    hiddenSize = first.width
    tokenCount = first.rowCount
    model = stored.text(of: "model")
  }

  /// The layer of that number; nil where it was not captured.
  public func layer(_ index: Int) -> CapturedLayer? {
    layers.first { $0.index == index }
  }

  /// What tells this capture from another: a digest of the file's identity, which samples the
  /// activations, and of all offsets, tokens and places of the permutation.
  ///
  /// - Returns: 64 hexadecimal digits.
  /// - Throws: The file's error when it cannot be read.
  /// - Complexity: O(*T*) time, memory for one list of integers as it is stored.
  public func identity() throws -> String {
    var lines = try stored.identity() + "\n"
    for tensor in integers {
      var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
      var space = bytes.mutableSpan
      // Safe: any bytes are sound elements.
      var raw = unsafe space.mutableBytes
      try stored.file.read(rows: 0..<tensor.rowCount, of: tensor, into: &raw)
      lines += "\(tensor.name) \(sha256(of: bytes))\n"
    }
    return sha256(of: Array(lines.utf8))
  }
}
