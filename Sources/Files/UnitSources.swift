/// What a unit's results were made from: the digest of every stored piece that was read.
package struct UnitSources: Sendable, Equatable {
  /// A piece of the input.
  package struct Piece: Sendable, Hashable {
    /// What tells it from all others of the input, such as a tensor's name; one line.
    package let label: String
    /// The SHA-256 digest of its stored bytes, in hexadecimal.
    package let sha256: String

    /// Describes a piece.
    package init(label: String, sha256: String) {
      self.label = label
      self.sha256 = sha256
    }
  }

  /// The pieces, in the order in which the unit names them.
  package var pieces: [Piece]

  /// Collects pieces.
  package init(_ pieces: [Piece] = []) {
    self.pieces = pieces
  }

  /// The text of the file that lists them, in the form of `sha256sum`.
  var text: String { pieces.map { "\($0.sha256)  \($0.label)\n" }.joined() }

  /// Reads such a text; nil where it is none.
  init?(text: String) {
    pieces = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
      guard let gap = line.firstRange(of: "  ") else { return nil }
      let digest = line[..<gap.lowerBound]
      guard digest.utf8.count == 64 else { return nil }
      pieces.append(Piece(label: String(line[gap.upperBound...]), sha256: String(digest)))
    }
  }
}
