import Files

/// Writes files that are whole or absent: first under another name beside the target, then renamed.
public enum WholeFile {
  /// Writes a file, replacing what was there only when all of it is on disk.
  ///
  /// - Parameters:
  ///   - path: The file to write; its folder exists.
  ///   - body: Writes the content through the function it is given, piece by piece.
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``, and what `body` throws; nothing is
  ///   left behind.
  /// - Complexity: O(content) time; memory for the longest piece, or 64 KiB.
  public static func write(
    to path: String, _ body: ((String) throws -> Void) throws -> Void
  ) throws {
    var action = "write"
    do {
      let output = try TemporaryFile(beside: path)
      var buffer = TextBuffer()
      try body { piece in try buffer.append(piece, to: output.file) }
      try buffer.flush(to: output.file)
      action = "rename a file to this"
      try output.finish()
    } catch let error as SystemError {
      throw FindingsError(error, path: path, doing: action)
    }
  }

  /// Writes a text that is already whole.
  ///
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``; nothing is left behind.
  public static func write(_ text: String, to path: String) throws {
    try write(to: path) { append in try append(text) }
  }
}

/// Gathers small pieces of text, so that a table costs few calls of the system.
private struct TextBuffer {
  private var bytes: [UInt8] = []
  private var position = 0

  mutating func append(_ piece: String, to file: borrowing FileDescriptor) throws(SystemError) {
    bytes.append(contentsOf: piece.utf8)
    if bytes.count >= 1 << 16 { try flush(to: file) }
  }

  mutating func flush(to file: borrowing FileDescriptor) throws(SystemError) {
    // Safe: bytes have no padding.
    try unsafe file.write(bytes.span.bytes, at: position)
    position += bytes.count
    bytes.removeAll(keepingCapacity: true)
  }
}

extension FindingsError {
  /// The error that a refusal of the system stands for.
  init(_ error: SystemError, path: String, doing action: String) {
    self = .fileSystem(path: path, doing: action, reason: error.reason)
  }
}
