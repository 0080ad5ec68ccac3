import ArgumentParser
import Checkpoints
import Experts
import SpectralAnalysis

/// Layers as the command line names them, such as `0-3,7`.
struct LayerSelection {
  /// The numbers, ascending, each once.
  let numbers: [Int]

  /// Reads a list.
  ///
  /// - Throws: An error that names the part that cannot be read.
  init(words: String) throws {
    var found: Set<Int> = []
    for part in words.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends[0], let last = ends[ends.count - 1], ends.count <= 2, first >= 0,
        first <= last, last < 1_000_000
      else {
        throw ValidationError("'\(part)' is no layer or range of layers such as 0-3")
      }
      found.formUnion(first...last)
    }
    numbers = found.sorted()
  }

  /// The layers of an option that was given any number of times; nil where it was not given.
  init?(allOf lists: [LayerSelection]) {
    if lists.isEmpty { return nil }
    numbers = Set(lists.flatMap(\.numbers)).sorted()
  }
}

/// Words from a fixed set, separated by commas.
struct WordList<Element: Hashable & Sendable> {
  /// What was named, in the order of the words.
  let elements: [Element]

  /// Reads a list.
  ///
  /// - Parameters:
  ///   - text: The list.
  ///   - thing: What a word names, with an article.
  ///   - known: The words that there are.
  /// - Throws: An error that names the word that is not known, and those that are.
  init(_ text: String, of thing: String, known: [(word: String, element: Element)]) throws {
    elements = try text.split(separator: ",", omittingEmptySubsequences: false).map { word in
      guard let found = known.first(where: { $0.word == word }) else {
        throw ValidationError(
          "'\(word)' is not \(thing); there are \(known.map(\.word).joined(separator: ", "))")
      }
      return found.element
    }
  }

  /// The words of an option that was given any number of times; nil where it was not given.
  init?(allOf lists: [WordList]) {
    if lists.isEmpty { return nil }
    elements = lists.flatMap(\.elements)
  }
}

extension WordList<Projection> {
  /// `gate`, `up` and `down`, or in full.
  static let known =
    Projection.allCases.map {
      (word: String($0.rawValue.dropLast("_proj".count)), element: $0)
    } + Projection.allCases.map { (word: $0.rawValue, element: $0) }

  /// Projections as the command line names them.
  init(words: String) throws {
    try self.init(words, of: "a projection", known: Self.known)
  }
}

extension WordList<Analysis> {
  /// Their names.
  static let known = Analysis.allCases.map { (word: $0.rawValue, element: $0) }

  /// Analyses by name.
  init(words: String) throws {
    try self.init(words, of: "an analysis", known: Self.known)
  }
}
