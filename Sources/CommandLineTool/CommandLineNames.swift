import ArgumentParser
import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The names that a command starts from, which for the system are bytes of any kind, and for this
/// program text in UTF-8.
enum CommandLineNames {
  /// Makes sure that no other file or folder is taken for the one that is meant.
  ///
  /// - Throws: `ValidationError` for a word of the command line, ``MisnamedFolder`` for the folder
  ///   that relative paths begin at.
  static func check() throws {
    for index in 1..<max(1, Int(CommandLine.argc)) {
      // Safe: so many words end with a zero byte each, and live as long as the process.
      guard let word = unsafe CommandLine.unsafeArgv[index] else { break }
      guard unsafe String(validatingCString: word) == nil else { continue }
      throw ValidationError(
        "the name '\(unsafe escaped(word))' is not UTF-8; rename it, or make a link to it with ln -s and give that"
      )
    }
    // Whoever asks for help opens nothing.
    guard CommandLine.argc > 2, let folder = unsafe getcwd(nil, 0) else { return }
    defer { unsafe free(folder) }
    if unsafe String(validatingCString: folder) == nil {
      throw MisnamedFolder(path: unsafe escaped(folder))
    }
  }

  /// A word with the home folder for a tilde, which shells leave as it is in `--output=~/run`.
  static func withHome(_ word: String) -> String {
    let start =
      word.hasPrefix("-")
      ? word.firstIndex(of: "=").map(word.index(after:)) ?? word.endIndex : word.startIndex
    let path = word[start...]
    guard path == "~" || path.hasPrefix("~/"),
      let home = ProcessInfo.processInfo.environment["HOME"], !home.isEmpty
    else { return word }
    return word[..<start] + home + path.dropFirst()
  }

  private static func escaped(_ text: UnsafePointer<CChar>) -> String {
    unsafe escapedText(
      UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) })
  }
}

/// The current folder has a name that is not UTF-8, or lies in one.
struct MisnamedFolder: Error, CustomStringConvertible {
  /// The folder, with other bytes escaped.
  let path: String

  var description: String {
    "the current folder, \(path), has a name that is not UTF-8; go to another folder, and reach into it by a link made with ln -s"
  }
}
