/// Finds the modules that a Swift source file imports, without building it.
///
/// `import` is a reserved word: outside comments, literals and backticks it can only begin an
/// import.
struct ImportScanner {
  private let characters: [Character]
  private var place = 0
  private var words: [String] = []

  /// The modules that a source imports, in order; one that is imported twice stands there twice.
  static func modules(importedBy source: String) -> [String] {
    var scanner = ImportScanner(characters: Array(source))
    scanner.readCode(until: nil)
    return modules(in: scanner.words)
  }

  private init(characters: [Character]) {
    self.characters = characters
  }

  private static func modules(in words: [String]) -> [String] {
    let kinds: Set = [
      "struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor",
    ]
    // In a member or a label the word is no keyword: `x.import`, `f(import: 1)`.
    let before: Set = [".", "(", ","]
    return words.indices.compactMap { place in
      guard words[place] == "import" else { return nil }
      guard place == 0 || !before.contains(words[place - 1]) else { return nil }
      var next = place + 1
      if next + 1 < words.count, kinds.contains(words[next]) { next += 1 }
      guard next < words.count else { return nil }
      let module = words[next].filter { $0 != "`" }
      return module.first.map { $0.isLetter || $0 == "_" } == true ? module : nil
    }
  }

  /// Reads code up to the end of the file, or up to the parenthesis that ends an interpolation.
  private mutating func readCode(until end: Character?) {
    var depth = 0
    while place < characters.count {
      let character = characters[place]
      if starts("//") {
        while place < characters.count, !characters[place].isNewline { place += 1 }
      } else if starts("/*") {
        skipComment()
      } else if character == "#" || character == "\"" {
        readLiteral()
      } else if character == "`" {
        readWord(while: { $0 != "`" }, including: 2)
      } else if isPart(ofWord: character) {
        readWord(while: isPart(ofWord:), including: 0)
      } else {
        if character == "(" { depth += 1 }
        if character == ")" {
          if depth == 0, end != nil { return }
          depth -= 1
        }
        if !character.isWhitespace { words.append(String(character)) }
        place += 1
      }
    }
  }

  private func isPart(ofWord character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }

  private mutating func readWord(while belongs: (Character) -> Bool, including quotes: Int) {
    let start = place
    if quotes > 0 { place += 1 }
    while place < characters.count, belongs(characters[place]) { place += 1 }
    if quotes > 0, place < characters.count { place += 1 }
    words.append(String(characters[start..<place]))
  }

  /// Skips a comment, in which others may be nested.
  private mutating func skipComment() {
    var depth = 0
    while place < characters.count {
      if starts("/*") {
        depth += 1
        place += 2
      } else if starts("*/") {
        depth -= 1
        place += 2
        if depth == 0 { return }
      } else {
        place += 1
      }
    }
  }

  /// Skips a string or a regular expression, but reads the code of interpolations.
  private mutating func readLiteral() {
    var signs = 0
    while place < characters.count, characters[place] == "#" {
      signs += 1
      place += 1
    }
    let tail = String(repeating: "#", count: signs)
    if signs > 0, starts("/") {
      place += 1
      while place < characters.count, !starts("/" + tail) { place += 1 }
      place += 1 + signs
    } else if starts("\"\"\"") {
      place += 3
      readText(until: "\"\"\"" + tail, escape: "\\" + tail, spansLines: true)
    } else if starts("\"") {
      place += 1
      readText(until: "\"" + tail, escape: "\\" + tail, spansLines: false)
    }
  }

  private mutating func readText(until end: String, escape: String, spansLines: Bool) {
    while place < characters.count {
      if starts(end) {
        place += end.count
        return
      }
      // A quote in a bare regular expression opens no string; the end of the line shows it.
      if !spansLines, characters[place].isNewline { return }
      guard starts(escape) else {
        place += 1
        continue
      }
      place += escape.count
      if place < characters.count, characters[place] == "(" {
        place += 1
        words.append("(")
        readCode(until: ")")
      }
      place += 1
    }
  }

  private func starts(_ text: String) -> Bool {
    var ahead = place
    for character in text {
      guard ahead < characters.count, characters[ahead] == character else { return false }
      ahead += 1
    }
    return true
  }
}
