/// A stored piece of the input that results depend on, and how to take its digest.
package struct InputPiece: Sendable {
  /// What tells it from all others of the input, such as a tensor's name; one line.
  package let label: String
  /// Where its files lie, for messages.
  package let path: String
  /// How its files look now, as ``FileStatus/stamp``: those that are open, whatever has their names
  /// meanwhile.
  package let stamps: @Sendable () -> [String]
  /// Reads the piece as it is now, and takes its digest.
  package let digest: @Sendable () throws -> String

  /// Describes a piece.
  package init(
    label: String, path: String, stamps: @Sendable @escaping () -> [String],
    digest: @Sendable @escaping () throws -> String
  ) {
    self.label = label
    self.path = path
    self.stamps = stamps
    self.digest = digest
  }
}

extension Sequence<InputPiece> {
  /// How the files of some pieces look now; each is told once.
  package var stamps: Set<String> {
    reduce(into: []) { $0.formUnion($1.stamps()) }
  }

  /// Makes sure that the files look as they did before they were read.
  ///
  /// - Throws: ``ChangedInputError``
  package func requireUntouched(since stamps: Set<String>) throws(ChangedInputError) {
    for piece in self where !stamps.isSuperset(of: piece.stamps()) {
      throw ChangedInputError(path: piece.path)
    }
  }
}

/// The input changed while results were made from it.
package struct ChangedInputError: Error, Equatable, CustomStringConvertible {
  /// The file.
  package let path: String

  /// Names the file.
  package init(path: String) { self.path = path }

  /// What happened, and what to do.
  package var description: String {
    "\(path): changed while it was read; when it is complete, run the same command again"
  }
}
