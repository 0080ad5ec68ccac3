import Foundation
import Testing

/// Expects a text to be that of a file in `Fixtures/goldens`, byte for byte.
///
/// `RECORD_GOLDENS=1` writes the file instead, and fails, so that a recording never passes for a
/// test.
func expectGolden(
  _ text: String, matches name: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let folder = root.appending(path: "Fixtures/goldens")
  let file = folder.appending(path: name)
  if ProcessInfo.processInfo.environment["RECORD_GOLDENS"] == "1" {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file)
    Issue.record("recorded \(name); look at it, then run again", sourceLocation: sourceLocation)
    return
  }
  let golden = try String(decoding: Data(contentsOf: file), as: UTF8.self)
  guard text != golden else { return }
  let pairs = zip(text.split(separator: "\n"), golden.split(separator: "\n")).enumerated()
  let first = pairs.first { $1.0 != $1.1 }
  Issue.record(
    """
    differs from \(name), first in line \((first?.offset ?? 0) + 1):
    \(first.map { "\($0.element.0)\nrather than\n\($0.element.1)" } ?? "one is longer")
    """, sourceLocation: sourceLocation)
}
