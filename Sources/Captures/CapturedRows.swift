/// How many rows of a capture's file are tokens, and why others are not.
public struct CapturedRows: Sendable, Hashable {
  /// The number of rows in the file.
  public let storedCount: Int
  /// The rows that are padding by what the file says.
  public let paddingCount: Int
  /// The tensor that says so: a mask, or the lengths of sequences; nil where there is none.
  public let paddingTensor: String?
  /// Other rows that hold nothing: zeros, or logits that are all -infinity.
  public let blankCount: Int
  /// A tensor that holds nothing in rows in which the input of some layer holds something; nil where all
  /// layers agree.
  public let blankTensor: String?
  /// Other rows in long runs of rows that are the same bit for bit.
  public let repeatedCount: Int
  /// Whether such rows are left out.
  public let dropsRepeats: Bool
}
