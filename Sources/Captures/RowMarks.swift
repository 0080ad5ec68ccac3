/// Why a row of a capture may be no token that the model saw.
struct RowMarks: OptionSet, Sendable, Hashable {
  let rawValue: UInt8

  /// The mask or the lengths of sequences say that it is padding.
  static let padding = RowMarks(rawValue: 1)
  /// A matrix holds nothing in it: zeros, or logits that let no expert through.
  static let blank = RowMarks(rawValue: 2)
  /// It lies in a long run of rows that are the same bit for bit, as repeated padding leaves them.
  static let repeated = RowMarks(rawValue: 4)
}
