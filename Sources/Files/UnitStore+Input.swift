import Foundation

/// Whether units were made from what the input holds now.
extension UnitStore {
  /// What became of the input since a unit was made.
  package struct InputChange: Sendable {
    /// Whether no file looks changed, so that nothing was read.
    package var isTrusted = false
    /// How many pieces hold what they held.
    package var sameCount = 0
    /// How many pieces hold something else, or were not read then, or are no longer.
    package var otherCount = 0
  }

  /// Compares what a finished unit was made from with what the input holds now.
  ///
  /// - Parameters:
  ///   - unit: A unit whose results are there.
  ///   - pieces: What it would be made from now.
  ///   - rechecks: Whether pieces are read even where no file looks changed.
  /// - Returns: What changed.
  /// - Throws: The files' errors.
  /// - Complexity: O(bytes of the pieces) where a file looks changed.
  package func compare(
    _ unit: String, with pieces: [InputPiece], rechecks: Bool
  ) throws -> InputChange {
    let stamps = pieces.stamps
    if !rechecks, isUntouched(unit, stamps: stamps) { return InputChange(isTrusted: true) }
    let known = Dictionary(
      (sources(of: unit)?.pieces ?? []).map { ($0.label, $0.sha256) },
      uniquingKeysWith: { first, _ in first })
    var change = InputChange()
    for piece in pieces {
      if try known[piece.label] == piece.digest() {
        change.sameCount += 1
      } else {
        change.otherCount += 1
      }
    }
    change.otherCount += Set(known.keys).subtracting(pieces.map(\.label)).count
    try pieces.requireUntouched(since: stamps)
    if change.otherCount == 0 { note(stamps, of: unit) }
    return change
  }

  // MARK: How files look

  // Files that nobody touched need not be read again. What is noted is no result: another copy of
  // the same input has other stamps.

  private func stampPath(of unit: String) -> String { "\(folder)/.sdmoe/\(unit)" }

  /// Whether all input files of a unit look as they did when it was made, or was last compared.
  package func isUntouched(_ unit: String, stamps: Set<String>) -> Bool {
    // A file that cannot tell how it looks may have changed.
    !stamps.contains("")
      && FileManager.default.contents(atPath: stampPath(of: unit))
        == Data(Self.text(of: stamps).utf8)
  }

  /// Notes how the input files look now that they are known to be what the unit was made from.
  package func note(_ stamps: Set<String>, of unit: String) {
    // Without it the files are only read once more, so that nothing waits for the disk.
    let path = stampPath(of: unit)
    guard (try? makeFolder(at: "\(folder)/.sdmoe")) != nil,
      let file = try? TemporaryFile(beside: path)
    else { return }
    let bytes = Array(Self.text(of: stamps).utf8)
    // Safe: bytes have no padding.
    guard (try? unsafe file.file.write(bytes.span.bytes, at: 0)) != nil else { return }
    try? file.takePlace(isLasting: false)
  }

  private static func text(of stamps: Set<String>) -> String {
    stamps.sorted().map { "\($0)\n" }.joined()
  }
}
