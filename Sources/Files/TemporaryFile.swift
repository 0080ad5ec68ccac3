#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A new file beside its target, which takes the target's name when it is whole and vanishes
/// otherwise.
///
/// Only a process that is killed leaves it behind.
package struct TemporaryFile: ~Copyable, Sendable {
  /// The file, open for writing.
  package let file: FileDescriptor

  /// Where the file lies until it is moved.
  package let path: String

  private let target: String

  /// Makes an empty file in the folder of `target`.
  ///
  /// - Throws: ``SystemError``
  package init(beside target: String) throws(SystemError) {
    self.target = target
    path = temporaryPath(beside: target)
    file = try FileDescriptor(creating: path)
  }

  deinit {
    // Nothing lies there once it is moved. Safe: the string outlives the call, which keeps nothing
    // of it.
    _ = unsafe unlink(path)
  }

  /// Puts the bytes on the disk and the file in the place of its target.
  ///
  /// - Throws: ``SystemError``; then the target is as it was, and this file is gone.
  package consuming func finish() throws(SystemError) {
    try file.synchronize()
    try takePlace()
  }

  /// Puts the file in the place of its target, with bytes that are on the disk already or may be
  /// lost with the power.
  ///
  /// - Parameter isLasting: Whether the new name has to outlast a power cut from now on.
  /// - Throws: ``SystemError``; then the target is as it was, and this file is gone.
  package consuming func takePlace(isLasting: Bool = true) throws(SystemError) {
    try give(target, to: path)
    if isLasting { synchronizeFolder(of: target) }
  }
}

/// A name beside a target that nothing else has.
package func temporaryPath(beside target: String) -> String {
  "\(target).\(String(UInt64.random(in: 0 ... .max), radix: 36)).tmp"
}

/// Gives a file or folder the name of another in the same folder, in one step.
///
/// - Throws: ``SystemError``; then nothing has changed.
package func replace(_ target: String, with path: String) throws(SystemError) {
  try give(target, to: path)
  synchronizeFolder(of: target)
}

private func give(_ name: String, to path: String) throws(SystemError) {
  // Safe: both strings outlive the call, which keeps nothing of them.
  guard unsafe rename(path, name) == 0 else { throw SystemError(code: errno, isRename: true) }
}

/// Brings the names in the folder of a file to the disk.
///
/// Without this, a power cut could at worst bring back the old name. Some file systems cannot do it,
/// which is no failure of the file.
private func synchronizeFolder(of target: String) {
  let folder = target.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(target[...$0]) } ?? "."
  if let opened = try? FileDescriptor(reading: folder) { try? opened.synchronize() }
}
