import ArgumentParser

extension WordList {
  /// Completes the last word of a list, and offers each thing once.
  static func completion(of known: [(word: String, element: Element)]) -> CompletionKind {
    .custom { _, _, typed in completions(of: typed, among: known) }
  }

  /// The lists that begin as the typed one does, with one more of the words.
  private static func completions(
    of typed: String, among known: [(word: String, element: Element)]
  ) -> [String] {
    let parts = typed.split(separator: ",", omittingEmptySubsequences: false)
    let before = parts.dropLast().map { "\($0)," }.joined()
    let named = known.filter { parts.dropLast().contains($0.word[...]) }.map(\.element)
    return known.filter { $0.word.hasPrefix(parts.last ?? "") && !named.contains($0.element) }
      .map { before + $0.word }
  }
}
