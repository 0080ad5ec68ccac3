/// Why a row of a capture may be no token that the model saw.
struct RowMarks: OptionSet, Sendable, Hashable {
  let rawValue: UInt8

  /// The mask or the lengths of sequences say that it is padding.
  static let padding = RowMarks(rawValue: 1)
  /// A matrix holds nothing in it: zeros, or logits that let no expert through.
  static let blank = RowMarks(rawValue: 2)
  /// It lies in a long run of rows that are the same bit for bit, as repeated padding leaves them.
  static let repeated = RowMarks(rawValue: 4)
  /// Its bits come three times or more, wherever the rows lie.
  static let recurring = RowMarks(rawValue: 8)

  /// Whether it may decide how a mask or lengths are meant.
  ///
  /// A row that recurs may be the first token of all sequences as well.
  var looksLikePadding: Bool { !isDisjoint(with: [.blank, .repeated]) }
  /// Whether it repeats other rows and nothing else speaks against it.
  var isRepeatedAlone: Bool { !isEmpty && isSubset(of: [.repeated, .recurring]) }
}
