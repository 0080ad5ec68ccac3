public import Testing

/// Expects two lists of numbers to agree within an absolute tolerance, element by element.
///
/// Lengths are compared first, and the comparison is written so that NaN fails.
public func expectClose(
  _ actual: [Double], _ expected: [Double], within tolerance: Double, _ comment: Comment? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(actual.count == expected.count, comment, sourceLocation: sourceLocation)
  guard actual.count == expected.count else { return }
  for (index, pair) in zip(actual, expected).enumerated() {
    guard abs(pair.0 - pair.1) <= tolerance else {
      Issue.record(
        "element \(index) is \(pair.0), expected \(pair.1) within \(tolerance) \(comment?.rawValue ?? "")",
        sourceLocation: sourceLocation)
      return
    }
  }
}
