/// A word as a shell takes it back: as it is, or within quotes.
///
/// Source: POSIX.1-2017, Shell Command Language, section 2.2, "Quoting".
package func shellText(of word: String) -> String {
  let isPlain =
    !word.isEmpty
    && word.allSatisfy {
      $0.isASCII && ($0.isLetter || $0.isNumber || "._/-+=:,@%".contains($0))
    }
  return isPlain ? word : "'\(word.replacing("'", with: "'\\''"))'"
}
