import Files
import Foundation

/// Writes files that are whole or absent: first under another name beside the target, then renamed.
///
/// A file that has the content already is left alone, so that what is finished needs no place to
/// write to.
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
      let output = NewContent(of: path)
      try body { piece in try output.append(piece) }
      try output.flush()
      try output.synchronize()
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

  /// The bytes of a file, which stay on disk until they are looked at.
  ///
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``
  static func contents(of path: String) throws -> Data {
    do {
      return try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped)
    } catch {
      throw FindingsError.fileSystem(
        path: path, doing: "read", reason: "it is missing or not readable")
    }
  }

  /// The SHA-256 digest of a file, in hexadecimal.
  ///
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``
  /// - Complexity: O(size of the file) time; memory for none of it.
  package static func digest(of path: String) throws -> String {
    var digest = SHA256Digest()
    digest.update(try contents(of: path).bytes)
    return digest.finish()
  }

  /// Writes bytes that are already whole.
  ///
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)``; nothing is left behind.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    do throws(SystemError) {
      let output = try TemporaryFile(beside: path)
      // Safe: bytes have no padding.
      try unsafe output.file.write(bytes.span.bytes, at: 0)
      try output.finish()
    } catch {
      throw FindingsError(error, path: path, doing: "write")
    }
  }
}

/// The content of a file as it comes; the first byte that differs from what lies there begins a new
/// file.
private final class NewContent {
  private let path: String
  /// What lies there, as long as all of the content was the same.
  private var former: FileDescriptor?
  private var output: TemporaryFile?
  /// Gathers small pieces of text, so that a table costs few calls of the system.
  private var bytes: [UInt8] = []
  private var position = 0

  init(of path: String) {
    self.path = path
    if let file = try? FileDescriptor(reading: path), (try? file.status())?.irregularKind == nil {
      former = consume file
    }
  }

  func append(_ piece: String) throws(SystemError) {
    bytes.append(contentsOf: piece.utf8)
    if bytes.count >= 1 << 16 { try flush() }
  }

  func flush() throws(SystemError) {
    if !hasSameBytes() {
      try begin()
      // Safe: bytes have no padding.
      try unsafe output?.file.write(bytes.span.bytes, at: position)
    }
    position += bytes.count
    bytes.removeAll(keepingCapacity: true)
  }

  /// Puts what is new on the disk: nothing, where all of it lies there already.
  func synchronize() throws(SystemError) {
    // What lies there goes on where the new content ends.
    if let length = try former?.status().byteCount, length != position { try begin() }
    try output?.file.synchronize()
  }

  /// Gives the new content, once it is on the disk, the file's name.
  func finish() throws(SystemError) { try output.take()?.takePlace() }

  /// Whether the file that lies there goes on with the bytes that are gathered.
  private func hasSameBytes() -> Bool {
    var found = [UInt8](repeating: 0, count: bytes.count)
    var space = found.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var target = unsafe space.mutableBytes
    let count = try? former?.read(into: &target, at: position)
    return count == bytes.count && found == bytes
  }

  /// Begins the new file with the content that was the same so far.
  private func begin() throws(SystemError) {
    if output != nil { return }
    let file = try TemporaryFile(beside: path)
    if let former = former.take() { try former.copy(position, to: file.file) }
    output = consume file
  }
}

extension FindingsError {
  /// The error that a refusal of the system stands for.
  init(_ error: SystemError, path: String, doing action: String) {
    self = .fileSystem(path: path, doing: action, reason: error.reason)
  }
}
