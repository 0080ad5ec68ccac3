import Foundation

/// Findings as JSON for scripts: keys in snake case and in alphabetic order.
///
/// - Throws: `EncodingError` for a number that is not finite; where nothing was measured, encode nil.
func jsonText(of findings: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  encoder.keyEncodingStrategy = .convertToSnakeCase
  return String(decoding: try encoder.encode(findings), as: UTF8.self)
}

extension Double {
  /// The number, or nil where it is none: JSON has no other word for it.
  var orNull: Double? { isFinite ? self : nil }
}
