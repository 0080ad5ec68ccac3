import Files
import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks the contract written above `FileDescriptor` and `FileStatus`, clause by clause.
@Suite struct FileDescriptorTests {
  // MARK: Reading and writing

  @Test("reads at any place, and less only at the end")
  func reading() throws {
    let folder = try ScratchFolder()
    let file = try FileDescriptor(reading: folder.write(Array(1...9)))
    #expect(try file.bytes(4, at: 5) == [6, 7, 8, 9])
    #expect(try file.bytes(4, at: 0) == [1, 2, 3, 4])
    #expect(try file.bytes(4, at: 7) == [8, 9])
    #expect(try file.bytes(4, at: 9) == [])
    #expect(try file.bytes(4, at: 100) == [])
    #expect(try file.bytes(0, at: 0) == [])
  }

  @Test("writes at any place, in any order")
  func writing() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/x"
    let file = try FileDescriptor(creating: path)
    try file.write([5, 6], at: 4)
    try file.write([1, 2, 3], at: 0)
    try file.write([], at: 9)
    try file.synchronize()
    #expect(try contents(of: path) == [1, 2, 3, 0, 5, 6])
  }

  @Test("goes on after part of the bytes, until the system says why it stops")
  func partialWrite() async {
    await #expect(processExitsWith: .success) {
      let folder = try ScratchFolder()
      let path = "\(folder.path)/x"
      let file = try FileDescriptor(creating: path)
      // A limit on the size of files, in this child process alone, cuts the first call short and
      // fails the second.
      signal(SIGXFSZ, SIG_IGN)
      var size = rlimit(rlim_cur: 1000, rlim_max: 1000)
      // Safe: `size` is a whole rlimit structure, which the call only reads.
      #expect(unsafe setrlimit(limitOfFileSize, &size) == 0)
      #expect(throws: SystemError(code: EFBIG)) {
        try file.write([UInt8](repeating: 7, count: 5000), at: 0)
      }
      #expect(try contents(of: path) == [UInt8](repeating: 7, count: 1000))
    }
  }

  @Test("says that it cannot read a folder, nor write what is open for reading")
  func wrongUse() throws {
    let folder = try ScratchFolder()
    let opened = try FileDescriptor(reading: folder.path)
    #expect(throws: SystemError(code: EISDIR)) { try opened.bytes(1, at: 0) }
    let file = try FileDescriptor(reading: folder.write([1]))
    #expect(throws: SystemError(code: EBADF)) { try file.write([2], at: 0) }
  }

  @Test("updates what is there, and makes nothing")
  func updating() throws {
    let folder = try ScratchFolder()
    let path = try folder.write([1, 2, 3])
    let file = try FileDescriptor(updating: path)
    try file.write([9], at: 1)
    #expect(try file.bytes(3, at: 0) == [1, 9, 3])
    // It only lets the system begin: nothing changes.
    file.startWriteback(at: 0, count: 3)
    #expect(try contents(of: path) == [1, 9, 3])
    #expect(throws: SystemError(code: ENOENT)) {
      _ = try FileDescriptor(updating: "\(folder.path)/missing")
    }
    #expect(throws: SystemError(code: EISDIR)) { _ = try FileDescriptor(updating: folder.path) }
    #expect(try folder.names == ["x"])
  }

  @Test("grows with zeros, and keeps what is there", arguments: [0, 3, 5000])
  func growing(byteCount: Int) throws {
    let folder = try ScratchFolder()
    let path = try folder.write([1, 2, 3])
    let file = try FileDescriptor(updating: path)
    try file.grow(to: byteCount)
    let zeros = [UInt8](repeating: 0, count: max(0, byteCount - 3))
    #expect(try contents(of: path) == [1, 2, 3] + zeros)
    let empty = try FileDescriptor(updating: folder.write([], as: "empty"))
    try empty.grow(to: byteCount)
    #expect(try empty.status().byteCount == byteCount)
  }

  #if canImport(Glibc)
    @Test("says at once that it cannot grow")
    func growingWithoutSpace() async {
      await #expect(processExitsWith: .success) {
        let folder = try ScratchFolder()
        let file = try FileDescriptor(updating: folder.write([1, 2, 3]))
        signal(SIGXFSZ, SIG_IGN)
        // A limit on the size of files, in this child process alone.
        var size = rlimit(rlim_cur: 1000, rlim_max: 1000)
        // Safe: `size` is a whole rlimit structure, which the call only reads.
        #expect(unsafe setrlimit(limitOfFileSize, &size) == 0)
        #expect(throws: SystemError(code: EFBIG)) { try file.grow(to: 5000) }
        #expect(try file.bytes(9, at: 0) == [1, 2, 3])
      }
    }
  #endif

  // MARK: Opening and closing

  @Test("refuses what is missing, and to make what is there")
  func opening() throws {
    let folder = try ScratchFolder()
    let path = try folder.write([1])
    for (missing, code) in [("\(path)y", ENOENT), (path + "\0y", ENOENT), ("\(path)/y", ENOTDIR)] {
      #expect(throws: SystemError(code: code)) { _ = try FileDescriptor(reading: missing) }
      #expect(FileStatus(at: missing) == nil)
    }
    #expect(throws: SystemError(code: EEXIST)) { _ = try FileDescriptor(creating: path) }
    #expect(try contents(of: path) == [1])
  }

  @Test("keeps its own copy of a descriptor that another closes")
  func copying() throws {
    let folder = try ScratchFolder()
    let handle = try #require(FileHandle(forReadingAtPath: folder.write([1, 2, 3])))
    let file = try FileDescriptor(copying: handle.fileDescriptor)
    try handle.close()
    #expect(try file.bytes(9, at: 1) == [2, 3])
    #expect(throws: SystemError(code: EBADF)) { _ = try FileDescriptor(copying: -1) }
  }

  @Test("closes itself")
  func closing() async {
    await #expect(processExitsWith: .success) {
      let folder = try ScratchFolder()
      let path = try folder.write([1])
      // Few enough files may be open, in this child process alone, that one lost each time shows.
      var limit = rlimit(rlim_cur: 64, rlim_max: 64)
      // Safe: `limit` is a whole rlimit structure, which the call only reads.
      #expect(unsafe setrlimit(limitOfOpenFiles, &limit) == 0)
      for _ in 0..<100 {
        let file = try FileDescriptor(reading: path)
        #expect(try file.status().byteCount == 1)
        let output = try TemporaryFile(beside: path)
        try output.file.write([2], at: 0)
        try output.finish()
      }
    }
  }

  // MARK: Scratch files

  @Test("a scratch file has no name, its space at once, and can be written and read")
  func scratch() throws {
    let folder = try ScratchFolder()
    let file = try FileDescriptor.scratch(in: folder.path, byteCount: 5000)
    #expect(try folder.names == [])
    #if canImport(Glibc)
      #expect(try file.status().byteCount == 5000)
      #expect(try file.bytes(4, at: 4996) == [0, 0, 0, 0])
    #endif
    try file.write([1, 2, 3], at: 4000)
    try file.write([9], at: 0)
    #expect(try file.bytes(3, at: 4000) == [1, 2, 3])
    #expect(try file.bytes(2, at: 0) == [9, 0])
    // Two of them do not meet.
    let other = try FileDescriptor.scratch(in: folder.path, byteCount: 0)
    try other.write([7], at: 0)
    #expect(try file.bytes(1, at: 0) == [9])
    #expect(try other.bytes(1, at: 0) == [7])
    #expect(try folder.names == [])
  }

  @Test("a scratch file needs a folder that is there")
  func scratchFolderMissing() throws {
    let folder = try ScratchFolder()
    #expect(throws: SystemError(code: ENOENT)) {
      _ = try FileDescriptor.scratch(in: "\(folder.path)/none", byteCount: 1)
    }
    let file = try folder.write([1])
    #expect(throws: SystemError(code: ENOTDIR)) {
      _ = try FileDescriptor.scratch(in: file, byteCount: 1)
    }
  }

  #if canImport(Glibc)
    @Test("a scratch file that gets no space says so now, and leaves nothing")
    func scratchWithoutSpace() async {
      await #expect(processExitsWith: .success) {
        let folder = try ScratchFolder()
        signal(SIGXFSZ, SIG_IGN)
        // A limit on the size of files, in this child process alone.
        var size = rlimit(rlim_cur: 1000, rlim_max: 1000)
        // Safe: `size` is a whole rlimit structure, which the call only reads.
        #expect(unsafe setrlimit(limitOfFileSize, &size) == 0)
        #expect(throws: SystemError(code: EFBIG)) {
          _ = try FileDescriptor.scratch(in: folder.path, byteCount: 5000)
        }
        #expect(try folder.names == [])
      }
    }
  #endif

  // MARK: Status

  @Test("tells size and kind, without waiting for a pipe")
  func kinds() throws {
    let folder = try ScratchFolder()
    let pipe = "\(folder.path)/pipe"
    // Safe: the string outlives the call, which keeps nothing of it.
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    let file = try folder.write([1, 2, 3])
    let link = "\(folder.path)/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
    let kinds = [
      (file, nil), (link, nil), (folder.path, "a folder"), (pipe, "a pipe"),
      ("/dev/null", "a device"),
    ]
    for (path, kind) in kinds {
      let status = try FileDescriptor(reading: path).status()
      #expect(status.irregularKind == kind, "\(path)")
      #expect(FileStatus(at: path) == status, "\(path)")
      if kind == nil { #expect(status.byteCount == 3) }
    }
  }
}

#if canImport(Glibc)
  // Glibc's header gives the constants one type and the functions another.
  private let limitOfFileSize = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
  private let limitOfOpenFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
  private let limitOfFileSize = RLIMIT_FSIZE
  private let limitOfOpenFiles = RLIMIT_NOFILE
#endif
