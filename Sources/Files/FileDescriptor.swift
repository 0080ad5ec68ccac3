#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Why the system opens nothing at a path for reading; nil where it does.
package func refusal(ofReading path: String) -> SystemError? {
  do throws(SystemError) {
    _ = try FileDescriptor(reading: path)
    return nil
  } catch {
    return error
  }
}

/// An open file that closes itself; several tasks may read and write it at once.
package struct FileDescriptor: ~Copyable, Sendable {
  private let number: CInt

  /// Opens what lies at a path for reading, whatever its kind; see ``status()``.
  ///
  /// - Throws: ``SystemError``
  package init(reading path: String) throws(SystemError) {
    // Without O_NONBLOCK, opening a pipe would wait for its writer.
    try self.init(opening: path, flags: O_RDONLY | O_NONBLOCK)
  }

  /// Makes an empty file for writing, with the access that the process gives to new files.
  ///
  /// - Throws: ``SystemError``, also when something lies at the path.
  package init(creating path: String) throws(SystemError) {
    try self.init(opening: path, flags: O_WRONLY | O_CREAT | O_EXCL)
  }

  /// Opens a file that is there for reading and writing.
  ///
  /// - Throws: ``SystemError``
  package init(updating path: String) throws(SystemError) {
    try self.init(opening: path, flags: O_RDWR | O_NONBLOCK)
  }

  /// Opens a second time what another library keeps open and will close.
  ///
  /// - Throws: ``SystemError``, also when the number is none of an open file.
  package init(copying number: CInt) throws(SystemError) {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { throw .last }
    self.number = copy
  }

  /// Makes an empty file for reading and writing that has no name any more: it goes with the
  /// process, however that ends.
  ///
  /// - Parameters:
  ///   - folder: Where the file takes its space.
  ///   - byteCount: How much space to take at once, so that a full disk shows now.
  /// - Returns: The open file.
  /// - Throws: ``SystemError``
  package static func scratch(
    in folder: String, byteCount: Int
  ) throws(SystemError) -> FileDescriptor {
    let file = try withoutName(in: folder)
    #if canImport(Glibc)
      let code = posix_fallocate(file.number, 0, off_t(max(1, byteCount)))
      guard code == 0 else { throw SystemError(code: code) }
    #endif
    return file
  }

  private static func withoutName(in folder: String) throws(SystemError) -> FileDescriptor {
    #if os(Linux)
      // `O_TMPFILE`, a macro that Swift does not see: the file never has a name. File systems that
      // cannot do it, such as NFS, refuse.
      let temporaryFile = O_DIRECTORY | 0o20_000_000
      if let file = try? FileDescriptor(opening: folder, flags: O_RDWR | O_EXCL | temporaryFile) {
        return file
      }
    #endif
    let path = temporaryPath(beside: "\(folder)/scratch")
    let file = try FileDescriptor(opening: path, flags: O_RDWR | O_CREAT | O_EXCL)
    // Safe: the string outlives the call, which keeps nothing of it.
    guard unsafe unlink(path) == 0 else { throw .last }
    return file
  }

  private init(opening path: String, flags: CInt) throws(SystemError) {
    // The system would stop at the zero and open another file.
    guard !path.utf8.contains(0) else { throw SystemError(code: ENOENT) }
    var result: CInt
    repeat {
      // Safe: the string outlives the call, which keeps nothing of it.
      result = unsafe open(path, flags | O_CLOEXEC, 0o666)
    } while result < 0 && errno == EINTR
    guard result >= 0 else { throw .last }
    number = result
  }

  deinit { close(number) }

  /// The file's size and kind, now.
  ///
  /// - Throws: ``SystemError``
  package func status() throws(SystemError) -> FileStatus {
    var status = stat()
    // Safe: `status` is a whole stat structure, and the call writes nothing else.
    guard unsafe fstat(number, &status) == 0 else { throw .last }
    return FileStatus(status)
  }

  /// Reads at a place in the file until `bytes` is full or the file ends.
  ///
  /// - Returns: How many bytes were read; fewer than asked for only at the end of the file.
  /// - Throws: ``SystemError``
  package func read(into bytes: inout MutableRawSpan, at position: Int) throws(SystemError) -> Int {
    try unsafe bytes.withUnsafeMutableBytes { buffer throws(SystemError) in
      try transferAll(buffer.count) { done, count in
        // Safe: at most the rest of the buffer, which begins after the bytes done, is written.
        unsafe pread(
          number, buffer.baseAddress?.advanced(by: done), count, off_t(position + done))
      }
    }
  }

  /// Reads the whole file in pieces of a mebibyte.
  ///
  /// - Returns: How many bytes there were.
  /// - Throws: ``SystemError``
  package func forEachPiece(_ body: (RawSpan) -> Void) throws(SystemError) -> Int {
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var position = 0
    while true {
      var space = buffer.mutableSpan
      // Safe: bytes have no padding, and take any value.
      var target = unsafe space.mutableBytes
      let count = try read(into: &target, at: position)
      if count == 0 { return position }
      // Safe: bytes have no padding.
      unsafe body(buffer.span.bytes.extracting(0..<count))
      position += count
    }
  }

  /// Writes all of `bytes` at a place in the file.
  ///
  /// - Throws: ``SystemError``; the same bytes may be given again.
  package func write(_ bytes: RawSpan, at position: Int) throws(SystemError) {
    let written = try unsafe bytes.withUnsafeBytes { buffer throws(SystemError) in
      try transferAll(buffer.count) { done, count in
        // Safe: at most the rest of the buffer, which begins after the bytes done, is read.
        unsafe pwrite(
          number, buffer.baseAddress?.advanced(by: done), count, off_t(position + done))
      }
    }
    guard written == bytes.byteCount else { throw SystemError(code: EIO) }
  }

  /// Copies the first bytes of the file to another one.
  ///
  /// - Throws: ``SystemError``, also where the file has fewer.
  package func copy(
    _ byteCount: Int, to other: borrowing FileDescriptor
  ) throws(SystemError) {
    var piece = [UInt8](repeating: 0, count: min(byteCount, 1 << 20))
    var position = 0
    while position < byteCount {
      piece.removeLast(max(0, piece.count - (byteCount - position)))
      var space = piece.mutableSpan
      // Safe: bytes have no padding, and take any value.
      var target = unsafe space.mutableBytes
      guard try read(into: &target, at: position) == piece.count else {
        throw SystemError(code: EIO)
      }
      // Safe: bytes have no padding.
      try unsafe other.write(piece.span.bytes, at: position)
      position += piece.count
    }
  }

  /// Makes the file at least so long, and takes the space now, so that a full disk shows at once.
  ///
  /// - Throws: ``SystemError``
  package func grow(to byteCount: Int) throws(SystemError) {
    guard try status().byteCount < byteCount else { return }
    #if canImport(Glibc)
      let code = posix_fallocate(number, 0, off_t(byteCount))
      guard code == 0 else { throw SystemError(code: code) }
    #else
      guard ftruncate(number, off_t(byteCount)) == 0 else { throw .last }
    #endif
  }

  /// Lets the system begin to bring bytes to the disk, without waiting for it.
  package func startWriteback(at position: Int, count: Int) {
    #if canImport(Glibc)
      // What is dirty is written, what is clean is let go of.
      _ = posix_fadvise(number, off_t(position), off_t(count), POSIX_FADV_DONTNEED)
    #endif
  }

  /// Waits until the file's bytes are on the disk, where the file system knows of that.
  ///
  /// - Throws: ``SystemError``
  package func synchronize() throws(SystemError) {
    var result: CInt
    repeat { result = fsync(number) } while result != 0 && errno == EINTR
    // Some file systems have nothing to wait for, and say so.
    guard result == 0 || [EINVAL, ENOSYS, EOPNOTSUPP].contains(errno) else { throw .last }
  }
}

/// Repeats a call that may move only part of the bytes until all are moved or it moves none.
private func transferAll(
  _ total: Int, _ transfer: (_ done: Int, _ count: Int) -> Int
) throws(SystemError) -> Int {
  var done = 0
  while done < total {
    // More than this in one call is refused by macOS and shortened by Linux.
    let count = transfer(done, min(total - done, 1 << 30))
    if count == 0 { break }
    if count > 0 { done += count } else if errno != EINTR { throw .last }
  }
  return done
}
