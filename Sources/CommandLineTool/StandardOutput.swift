import Findings
import Foundation

/// The stream for results; talk and progress go to standard error.
enum StandardOutput {
  /// Writes a text and ends its line.
  ///
  /// A reader that has seen enough and closed its end of a pipe is no error.
  ///
  /// - Throws: ``FindingsError/fileSystem(path:doing:reason:)`` when not all of the text was
  ///   written.
  static func write(_ text: String) throws {
    var rest = Array((text + "\n").utf8)[...]
    while !rest.isEmpty {
      // Safe: the buffer is lent for the call alone, with its own length.
      let count = unsafe rest.withUnsafeBytes { bytes in
        unsafe Foundation.write(STDOUT_FILENO, bytes.baseAddress, bytes.count)
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EPIPE {
        return
      } else if errno != EINTR {
        // Safe: strerror returns a string that is copied at once.
        let reason = unsafe String(cString: strerror(errno))
        throw FindingsError.fileSystem(path: "standard output", doing: "write", reason: reason)
      }
    }
  }
}
