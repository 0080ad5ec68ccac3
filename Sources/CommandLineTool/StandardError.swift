import Foundation

/// The stream for talk and progress; results go to standard output.
enum StandardError {
  /// Writes text as it is.
  static func write(_ text: String) {
    // A closed stream is no reason to stop an analysis.
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Whether somebody watches.
  static var isTerminal: Bool { isatty(FileHandle.standardError.fileDescriptor) == 1 }
}
