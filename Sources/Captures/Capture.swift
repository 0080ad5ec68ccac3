import Files
import TensorFiles
import Tensors

/// Activations captured from a model: the input of each MoE block, the router's logits and the
/// shuffled pass.
///
/// An HDF5 or safetensors file. Where a sequence begins, the input of each layer's block, and what
/// else there is of it lie under `sequence_offsets`, `layers/{L}/moe_input`,
/// `layers/{L}/router_logits`, `shuffled/layers/{L}/moe_input`, `shuffled/permutation` and
/// `tokens`; dots stand for slashes where the file spells names so. `attention_mask` or `lengths` say
/// which rows are tokens, where not all are. Tensors of other names are no concern of it, unless they
/// look as if they said so too: these are refused.
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
  ///
  /// A sequence of padding alone is empty.
  public let sequences: [Range<Int>]
  /// How many rows of the file are tokens, and why others are not.
  public let rows: CapturedRows
  /// The layers that were captured, ascending.
  public let layers: [CapturedLayer]

  private let stored: StoredTensors
  private let tokens: TokenRows
  /// Lists that are small beside the activations, so that samples of the file may miss them.
  private let integers: [TensorDescription]

  /// Opens a capture, checks all that its header, its offsets and its permutation can show, and
  /// finds out which rows are tokens.
  ///
  /// Whether activations are finite shows when they are read.
  ///
  /// - Parameters:
  ///   - path: An HDF5 or safetensors file.
  ///   - dropsRepeats: Whether rows that are there three times or more, bit for bit, are left out
  ///     too.
  /// - Throws: ``CaptureError`` when the file is no sound capture; the errors of its format's room
  ///   when it cannot be opened or read.
  /// - Complexity: One pass over the file; memory of some ten bytes for each row, one range for each
  ///   sequence and each gap between tokens, and half a mebibyte of values.
  public init(path: String, dropsRepeats: Bool = false) throws {
    let stored = try StoredTensors(path: path)
    let contents = try CaptureContents(of: stored)
    let layers = try contents.layers()
    guard let first = layers.first?.input else { throw CaptureError.noLayers(path: path) }
    try contents.requireHiddenSize(of: first)
    try contents.requireTokens(count: first.storedRowCount)

    let offsets = try contents.sequenceOffsets()
    let storedSequences = try sequenceRanges(
      from: offsets, of: stored.file, tokenCount: first.storedRowCount)
    let permutation = try contents.permutation(tokenCount: first.storedRowCount)
    if let permutation {
      try requirePermutation(permutation, of: stored.file, within: storedSequences)
    }
    let selection = try TokenSelection(
      of: contents, layers: layers, sequences: storedSequences, dropsRepeats: dropsRepeats)
    let tokens = selection.tokens
    integers = [offsets, permutation, contents.tokens].compactMap(\.self) + contents.paddingTensors

    self.path = path
    self.stored = stored
    self.tokens = tokens
    self.layers = layers.map { $0.limited(to: tokens) }
    sequences = storedSequences.map { tokens.tokens(in: $0) }
    rows = selection.rows
    hiddenSize = first.width
    tokenCount = tokens.count
    model = stored.text(of: "model")
  }

  /// The layer of that number; nil where it was not captured.
  public func layer(_ index: Int) -> CapturedLayer? {
    layers.first { $0.index == index }
  }

  /// What tells this capture from another: a digest of the file's identity, which samples the
  /// activations, of all offsets, masks, tokens and places of the permutation, and of which rows are
  /// tokens.
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
    if tokenCount < rows.storedCount {
      lines += "rows \(tokens.runs.map { "\($0.lowerBound)-\($0.upperBound)" })\n"
    }
    return sha256(of: Array(lines.utf8))
  }
}
