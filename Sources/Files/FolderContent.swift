#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The names of what lies in a folder, which for the system are bytes of any kind.
package struct FolderContent {
  /// The names that are text in UTF-8, sorted.
  package private(set) var names: [String] = []

  /// All others, readable and sorted, such as `caf\xE9`: nothing can be opened by them.
  package private(set) var misnamed: [String] = []

  /// Lists a folder.
  ///
  /// - Throws: ``SystemError``
  package init(of path: String) throws(SystemError) {
    // Safe: the string outlives the call, and the folder is closed below.
    guard let folder = unsafe opendir(path) else { throw .last }
    defer { _ = unsafe closedir(folder) }
    // Safe: an entry is valid until the next call, and its name ends with a zero byte.
    while let entry = unsafe readdir(folder) {
      let bytes = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe name.withMemoryRebound(to: UInt8.self, capacity: 256) { name in
          unsafe Array(UnsafeBufferPointer(start: name, count: strlen(name)))
        }
      }
      if let name = String(validating: bytes, as: UTF8.self) {
        if name != ".", name != ".." { names.append(name) }
      } else {
        misnamed.append(escapedText(bytes))
      }
    }
    names.sort()
    misnamed.sort()
  }
}

/// Bytes that are no text as text: those outside ASCII as `\xE9`.
package func escapedText(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { byte in
    0x20..<0x7F ~= byte
      ? String(Unicode.Scalar(byte))
      : (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16, uppercase: true)
  }.joined()
}
