extension RunManifest {
  /// How many rows of captures are tokens, and why others are not.
  public struct CapturedRows: Codable, Sendable, Equatable {
    /// The number of rows in the file.
    public var stored: Int
    /// The rows that are padding by a mask or by the lengths of sequences, and left out.
    public var padding: Int
    /// The tensor that says so.
    public var paddingTensor: String?
    /// Whether that seems to have tokens and padding the wrong way round; nil where it does not.
    public var seemsInverted: Bool?
    /// Other rows of zeros, left out.
    public var zeros: Int
    /// A tensor that has zeros where others have none.
    public var zerosTensor: String?
    /// Other rows that repeat others bit for bit, three times or more.
    public var repeats: Int
    /// Whether these are left out.
    public var dropsRepeats: Bool
    /// Other rows of one token, three times or more at the start or end of their sequences; nil where
    /// there are none.
    public var sameTokens: Int?
    /// The token that most of them are of.
    public var sameToken: Int?

    private enum CodingKeys: String, CodingKey {
      case stored, padding, zeros, repeats
      case paddingTensor = "padding_tensor"
      case seemsInverted = "padding_seems_inverted"
      case zerosTensor = "zeros_tensor"
      case dropsRepeats = "drops_repeats"
      case sameTokens = "same_tokens"
      case sameToken = "same_token"
    }

    /// Collects the numbers.
    public init(
      stored: Int, padding: Int, paddingTensor: String?, seemsInverted: Bool? = nil, zeros: Int,
      zerosTensor: String?,
      repeats: Int, dropsRepeats: Bool, sameTokens: Int? = nil, sameToken: Int? = nil
    ) {
      self.stored = stored
      self.padding = padding
      self.paddingTensor = paddingTensor
      self.seemsInverted = seemsInverted
      self.zeros = zeros
      self.zerosTensor = zerosTensor
      self.repeats = repeats
      self.dropsRepeats = dropsRepeats
      self.sameTokens = sameTokens
      self.sameToken = sameToken
    }

    /// What a reader should know, a sentence each.
    public var remarks: [String] {
      var remarks: [String] = []
      let all = "of \(stored) captured rows"
      if padding > 0 {
        remarks.append("\(padding) \(all) were left out: padding by \(paddingTensor ?? "a mask")")
      }
      if seemsInverted == true {
        remarks.append(
          "all rows that \(paddingTensor ?? "a mask") keeps are zeros or repeat others, and most of those that it leaves out do not: it seems to have 1 for padding; a mask has 1 for a token and 0 for padding"
        )
      }
      if zeros > 0 {
        let place = zerosTensor.map { ", of layers that disagree; \($0) has most" } ?? ""
        remarks.append("\(zeros) \(all) were left out: zeros\(place)")
      }
      if repeats > 0 {
        remarks.append(
          dropsRepeats
            ? "\(repeats) \(all) were left out: they repeat others bit for bit"
            : "\(repeats) \(all) repeat others bit for bit, as padding does, and count as tokens; --drop-repeats leaves them out"
        )
      }
      if let sameTokens {
        let token = sameToken.map { " (token \($0) most of all)" } ?? ""
        remarks.append(
          "\(sameTokens) \(all) are of one token at the start or end of their sequences\(token), as padding is, and count as tokens; if it is padding, write attention_mask or lengths into the file"
        )
      }
      return remarks
    }
  }

  /// An analysis that captures would call for but do not allow.
  public struct Omission: Codable, Sendable, Equatable {
    /// The analysis, by name.
    public var analysis: String
    /// Why it cannot be made.
    public var reason: String

    /// Names an analysis and the reason.
    public init(analysis: String, reason: String) {
      self.analysis = analysis
      self.reason = reason
    }
  }

  /// What was left out of the whole run and why, a sentence each.
  public var remarks: [String] {
    (capturedRows?.remarks ?? [])
      + (omissions ?? []).map { "\($0.analysis) was left out: \($0.reason)" }
  }
}
