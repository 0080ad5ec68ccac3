/// How many rows of a capture's file are tokens, and why others are not.
public struct CapturedRows: Sendable, Hashable {
  /// The number of rows in the file.
  public let storedCount: Int
  /// The rows that are padding by what the file says.
  public let paddingCount: Int
  /// The tensor that says so: a mask, or the lengths of sequences; nil where there is none.
  public let paddingTensor: String?
  /// Whether the mask seems to have 1 for padding: all rows that it keeps hold nothing or repeat
  /// others, and most of those that it leaves out do not.
  public let seemsInverted: Bool
  /// Other rows that hold nothing: zeros, or logits that are all -infinity.
  public let blankCount: Int
  /// A tensor that holds nothing in rows in which the input of some layer holds something; nil where all
  /// layers agree.
  public let blankTensor: String?
  /// Other rows that are there three times or more, bit for bit, in a run or apart.
  ///
  /// Rows that only different sequences share count from a twentieth of all rows on: what sequences
  /// begin with alike, such as a token for the beginning, is the same in all of them.
  public let repeatedCount: Int
  /// Whether such rows are left out.
  public let dropsRepeats: Bool
  /// Other rows of one token, three times or more at the start or end of their sequences, where
  /// neither a mask nor lengths are there; they count as tokens.
  public let sameTokenCount: Int
  /// The token that most of them are of; nil where there are none.
  public let sameToken: Int?
}
