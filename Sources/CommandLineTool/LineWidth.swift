import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How many characters a line may have.
///
/// That is the width of the terminal; off a terminal what the variable `COLUMNS` says, or 80.
enum LineWidth {
  /// The width of tables on standard output.
  static var ofTables: Int { columns(of: STDOUT_FILENO) }

  /// The width of prose on standard output: longer lines than 80 are hard to read.
  static var ofProse: Int { min(80, ofTables) }

  /// The width of standard error.
  static var ofErrors: Int { columns(of: STDERR_FILENO) }

  private static func columns(of stream: CInt) -> Int {
    var size = winsize()
    // Safe: the system writes one whole structure there during the call.
    if unsafe ioctl(stream, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
      return Int(size.ws_col)
    }
    let told = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) }
    return told.flatMap { $0 > 0 ? $0 : nil } ?? 80
  }
}
