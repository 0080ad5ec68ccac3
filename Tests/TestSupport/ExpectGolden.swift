import Foundation
public import Testing

/// Expects a text to be that of a file in `Fixtures/goldens`, byte for byte.
///
/// `RECORD_GOLDENS=1` writes the file instead, and fails, so that a recording never passes for a
/// test.
///
/// - Parameters:
///   - text: What was made.
///   - name: The file's place under `Fixtures/goldens`.
///   - sourceLocation: Where the expectation stands.
/// - Throws: Foundation's error when the file cannot be read or recorded.
public func expectGolden(
  _ text: String, matches name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let file = Fixture.url("goldens/\(name)")
  if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    Issue.record("recorded \(name); look at it, then run again", sourceLocation: sourceLocation)
    return
  }
  let golden = try String(decoding: Data(contentsOf: file), as: UTF8.self)
  guard text != golden else { return }
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
  let expected = golden.split(separator: "\n", omittingEmptySubsequences: false)
  let first =
    zip(lines, expected).enumerated().first { $1.0 != $1.1 }?.offset
    ?? min(lines.count, expected.count)
  Issue.record(
    """
    differs from \(name), first in line \(first + 1):
    \(first < lines.count ? lines[first] : "(nothing)")
    rather than
    \(first < expected.count ? expected[first] : "(nothing)")
    """, sourceLocation: sourceLocation)
}
