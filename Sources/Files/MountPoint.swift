import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Whether a file system, or a part of one, is mounted at a path: what lies there cannot be replaced
/// by another folder.
///
/// - Complexity: O(number of mounts)
package func isMountPoint(_ path: String) -> Bool {
  let place = resolvedPath(path)
  #if os(Linux)
    // A part of the same file system that is mounted elsewhere has the same device number.
    var list: [UInt8] = []
    // Safe: bytes have no padding, and the buffer is used within the closure.
    let count = try? FileDescriptor(reading: "/proc/self/mountinfo").forEachPiece { piece in
      unsafe piece.withUnsafeBytes { unsafe list.append(contentsOf: $0) }
    }
    if count != nil {
      return list.split(separator: UInt8(ascii: "\n")).contains { line in
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
        return words.count > 4 && unescaped(words[4]) == Array(place.utf8)
      }
    }
  #endif
  var here = stat()
  var above = stat()
  // Safe: both strings outlive the calls, which write nothing but whole stat structures.
  guard unsafe stat(place, &here) == 0, unsafe stat("\(place)/..", &above) == 0
  else { return false }
  return here.st_dev != above.st_dev || here.st_ino == above.st_ino
}

/// Why no finished folder is put at a mount point, for a message that begins with its path.
package func mountPointSentence(_ path: String) -> String {
  "is a mount point, which no finished folder can replace; name a folder inside it, such as \(path)/new"
}

/// A path of the list of mounts, in which three octal digits stand for spaces and what else would
/// break a line.
private func unescaped(_ word: ArraySlice<UInt8>) -> [UInt8] {
  var bytes: [UInt8] = []
  var rest = word
  while let byte = rest.popFirst() {
    let digits = rest.prefix(3)
    if byte == UInt8(ascii: "\\"), digits.count == 3,
      let code = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
    {
      bytes.append(code)
      rest = rest.dropFirst(3)
    } else {
      bytes.append(byte)
    }
  }
  return bytes
}
