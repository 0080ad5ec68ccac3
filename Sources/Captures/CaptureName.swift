/// The names in a file that make it a capture.
enum CaptureName: Hashable {
  case sequenceOffsets
  case sequenceLengths
  case attentionMask
  case paddingMask
  case tokens
  case permutation
  case input(layer: Int)
  case routerLogits(layer: Int)
  case shuffledInput(layer: Int)

  /// What other writers call a mask that has 1 for a token.
  private static let attentionMasks: Set = ["attention_mask", "input_mask", "mask", "token_mask"]
  /// What they call a mask that has 1 for a token or for padding, as the library has it.
  private static let paddingMasks: Set = [
    "is_padding", "key_padding_mask", "pad_mask", "padding_mask", "paddings",
    "src_key_padding_mask",
  ]
  /// What they call the numbers of tokens.
  private static let lengths: Set = [
    "input_lengths", "lengths", "seq_lengths", "seq_lens", "sequence_lengths",
  ]

  /// What the last part of a name has in it, written small and without all but letters, where it may
  /// say which rows are tokens.
  private static let hints = [
    "lens", "length", "mask", "numtokens", "pad", "seqlen", "tokencount", "validlen",
  ]
  /// Such parts that are no hint within a longer one.
  private static let wholeHints: Set = ["isvalid", "ntokens", "valid"]
  /// Names under which an attribute is looked for that may say which rows are tokens.
  static let hintingAttributes =
    attentionMasks.union(paddingMasks).union(lengths).union([
      "attention_masks", "attn_mask", "cu_seqlens", "is_pad", "length", "lens", "loss_mask",
      "num_tokens", "seq_len", "seqlen", "seqlens", "token_counts", "valid_lengths", "valid_mask",
    ]).sorted()

  /// How a layer's number was spelled, where it is a number but not in its plain form.
  struct OddNumber: Error {}

  /// Recognises a name by its parts; nil for a name that is no concern of a capture.
  init?(steps: [String]) throws(OddNumber) {
    switch steps.count {
    case 1 where steps == ["sequence_offsets"]: self = .sequenceOffsets
    case 1 where Self.lengths.contains(steps[0]): self = .sequenceLengths
    case 1 where Self.attentionMasks.contains(steps[0]): self = .attentionMask
    case 1 where Self.paddingMasks.contains(steps[0]): self = .paddingMask
    case 1 where steps == ["tokens"]: self = .tokens
    case 2 where steps == ["shuffled", "permutation"]: self = .permutation
    case 3 where steps[0] == "layers" && steps[2] == "moe_input":
      guard let layer = try Self.number(steps[1]) else { return nil }
      self = .input(layer: layer)
    case 3 where steps[0] == "layers" && steps[2] == "router_logits":
      guard let layer = try Self.number(steps[1]) else { return nil }
      self = .routerLogits(layer: layer)
    case 4 where steps[0] == "shuffled" && steps[1] == "layers" && steps[3] == "moe_input":
      guard let layer = try Self.number(steps[2]) else { return nil }
      self = .shuffledInput(layer: layer)
    default: return nil
    }
  }

  /// The name, with slashes.
  var text: String {
    switch self {
    case .sequenceOffsets: "sequence_offsets"
    case .sequenceLengths: "sequence_lengths"
    case .attentionMask: "attention_mask"
    case .paddingMask: "padding_mask"
    case .tokens: "tokens"
    case .permutation: "shuffled/permutation"
    case .input(let layer): "layers/\(layer)/moe_input"
    case .routerLogits(let layer): "layers/\(layer)/router_logits"
    case .shuffledInput(let layer): "shuffled/layers/\(layer)/moe_input"
    }
  }

  /// The layer that it belongs to; nil for what belongs to none.
  var layer: Int? {
    switch self {
    case .input(let layer), .routerLogits(let layer), .shuffledInput(let layer): layer
    case .sequenceOffsets, .sequenceLengths, .attentionMask, .paddingMask, .tokens, .permutation:
      nil
    }
  }

  /// The layer whose shuffled input it is; nil for anything else.
  var shuffledLayer: Int? {
    if case .shuffledInput(let layer) = self { layer } else { nil }
  }

  /// Whether names of a capture may lie at or below a place in the file.
  static func reach(below steps: [String]) -> Bool {
    let endings = [[], ["moe_input"], ["0", "moe_input"], ["permutation"]]
    return endings.contains { ending in
      do throws(OddNumber) {
        return try CaptureName(steps: steps + ending) != nil
      } catch {
        return true
      }
    }
  }

  /// Whether a name, at any depth, looks as if it told tokens from padding.
  ///
  /// A number at its end only tells one of several such lists from the next.
  static func hintsAtPadding(_ steps: [String]) -> Bool {
    guard let last = steps.last(where: { Int($0) == nil }) else { return false }
    let letters = last.lowercased().filter(\.isLetter)
    return wholeHints.contains(letters) || hints.contains { letters.contains($0) }
  }

  private static func number(_ text: String) throws(OddNumber) -> Int? {
    // A sign is part of a number, which would otherwise go unread without a word.
    let digits = text.drop { $0 == "-" || $0 == "+" }
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
    guard let number = Int(text), number >= 0, String(number) == text else { throw OddNumber() }
    return number
  }
}
