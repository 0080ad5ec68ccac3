import Foundation
import SafetensorsFiles
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks the contract written above `SafetensorsWriter`, clause by clause.
@Suite struct SafetensorsWriterTests {
  static let weight = TensorDescription(
    name: "weight", elementType: .bf16, shape: [2, 3], byteCount: 12)
  static let bias = TensorDescription(name: "bias", elementType: .u8, shape: [3], byteCount: 3)

  /// Writes pieces of data in order and finishes.
  static func write(
    _ tensors: [TensorDescription], metadata: [String: String] = [:], pieces: [[UInt8]],
    to path: String
  ) throws(SafetensorsError) {
    var writer = try SafetensorsWriter(path: path, tensors: tensors, metadata: metadata)
    for piece in pieces {
      // Safe: bytes have no padding.
      try unsafe writer.append(piece.span.bytes)
    }
    try writer.finish()
  }

  // MARK: The file

  @Test("writes exactly these bytes")
  func exactBytes() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/x.safetensors"
    let data = [UInt8](1...15)
    try Self.write(
      [Self.weight, Self.bias], metadata: ["b": "2", "a": "1"], pieces: [data], to: path)
    let header = """
      {"__metadata__":{"a":"1","b":"2"},\
      "weight":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},\
      "bias":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}}
      """
    let padding = String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    #expect(try contents(of: path) == framed(header + padding, data: data))
    #expect(try folder.names == ["x.safetensors"])
  }

  @Test("begins the data at a multiple of eight", arguments: 0..<9)
  func alignment(nameLength: Int) throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/x.safetensors"
    let name = String(repeating: "n", count: nameLength)
    let tensor = TensorDescription(name: name, elementType: .u8, shape: [], byteCount: 1)
    try Self.write([tensor], pieces: [[5]], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(try file.headerBytes().count % 8 == 0)
    #expect(file.tensors == [tensor])
  }

  @Test("writes what reads back the same, however the bytes are cut", arguments: [1, 4, 5, 1000])
  func roundTrip(pieceSize: Int) throws {
    let sound = try SafetensorsFile(path: HostileCorpus.path(of: HostileCorpus.soundName))
    let data = try sound.tensors.flatMap { try sound.bytes(of: $0) }
    let pieces = stride(from: 0, to: data.count, by: pieceSize).map {
      Array(data[$0..<min($0 + pieceSize, data.count)])
    }
    let folder = try ScratchFolder()
    let path = "\(folder.path)/x.safetensors"
    try Self.write(sound.tensors, metadata: sound.metadata, pieces: pieces, to: path)
    let copy = try SafetensorsFile(path: path)
    #expect(copy.tensors == sound.tensors)
    #expect(copy.metadata == sound.metadata)
    #expect(try copy.tensors.flatMap { try copy.bytes(of: $0) } == data)
  }

  @Test("escapes names and metadata")
  func escapes() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/x.safetensors"
    let text = "\"\\/\u{0}\u{8}\u{C}\n\r\t\u{1F}\u{7F}é\u{2028}😀"
    let tensor = TensorDescription(name: text, elementType: .u8, shape: [0], byteCount: 0)
    try Self.write([tensor], metadata: [text: text], pieces: [], to: path)
    let file = try SafetensorsFile(path: path)
    #expect(file.tensors == [tensor])
    #expect(file.metadata == [text: text])
  }

  @Test("replaces a file that is there, and only when it is whole")
  func replacement() throws {
    let folder = try ScratchFolder()
    let path = try folder.write([1, 2, 3])
    var writer = try SafetensorsWriter(path: path, tensors: [Self.bias])
    #expect(try contents(of: path) == [1, 2, 3])
    let bytes: [UInt8] = [7, 8, 9]
    // Safe: bytes have no padding.
    try unsafe writer.append(bytes.span.bytes)
    #expect(writer.writtenByteCount == 3 && writer.declaredByteCount == 3)
    #expect(try contents(of: path) == [1, 2, 3])
    #expect(try folder.names.count == 2)
    try writer.finish()
    #expect(try contents(of: path).suffix(3) == bytes)
    #expect(try folder.names.count == 1)
  }

  // MARK: Errors

  @Test("leaves nothing when it is given up")
  func givenUp() throws {
    let folder = try ScratchFolder()
    do {
      var writer = try SafetensorsWriter(path: "\(folder.path)/x", tensors: [Self.bias])
      let bytes: [UInt8] = [7]
      // Safe: bytes have no padding.
      try unsafe writer.append(bytes.span.bytes)
      #expect(try folder.names.count == 1)
    }
    #expect(try folder.names == [])
  }

  @Test("refuses too few and too many bytes, and leaves nothing", arguments: [0, 2, 4])
  func wrongByteCount(count: Int) throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/x"
    #expect(
      throws: SafetensorsError.wrongByteCount(path: path, declaredBytes: 3, givenBytes: count)
    ) {
      try Self.write([Self.bias], pieces: [[UInt8](repeating: 1, count: count)], to: path)
    }
    #expect(try folder.names == [])
  }

  @Test("refuses tensors that make no sound file")
  func unsoundTensors() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/x"
    func tensor(
      _ name: String, _ type: ElementType, _ shape: [Int], _ byteCount: Int
    ) -> TensorDescription {
      TensorDescription(name: name, elementType: type, shape: shape, byteCount: byteCount)
    }
    let cases: [([TensorDescription], SafetensorsError)] = [
      ([Self.bias, Self.bias], .duplicateName(path: path, name: "bias")),
      (
        [tensor("__metadata__", .u8, [1], 1)], .reservedName(path: path, name: "__metadata__")
      ),
      (
        [tensor("t", .u8, [3], 4)],
        .sizeMismatch(path: path, tensor: "t", describedBytes: 3, storedBytes: 4)
      ),
      (
        [tensor("t", .u8, [-1, -4], 4)],
        .invalidShape(path: path, tensor: "t", found: "[-1, -4]")
      ),
      (
        [tensor("t", .f4, [3], 1)],
        .brokenByte(path: path, tensor: "t", elementType: .f4, shape: [3])
      ),
      (
        [tensor("t", .u8, [1 << 61], 1 << 61)],
        .sizeOverflow(path: path, tensor: "t", shape: [1 << 61])
      ),
      (
        (0..<9).map { tensor("\($0)", .u8, [(1 << 60) - 1], (1 << 60) - 1) },
        .sizeOverflow(path: path, tensor: "7", shape: [(1 << 60) - 1])
      ),
    ]
    for (tensors, error) in cases {
      #expect(throws: error) { try Self.write(tensors, pieces: [], to: path) }
    }
    #expect(
      throws: SafetensorsError.tooManyTensors(path: path, tensorCount: 1, headerBytes: 100_000_080)
    ) {
      let text = String(repeating: "x", count: 100_000_000)
      try Self.write([Self.bias], metadata: ["a": text], pieces: [], to: path)
    }
    #expect(try folder.names == [])
  }

  @Test("refuses a name that is taken by something else, or has no folder")
  func takenName() throws {
    let folder = try ScratchFolder()
    #expect(throws: SafetensorsError.notARegularFile(path: folder.path, kind: "a folder")) {
      try Self.write([], pieces: [], to: folder.path)
    }
    #expect(throws: SafetensorsError.notARegularFile(path: "/dev/null", kind: "a device")) {
      try Self.write([], pieces: [], to: "/dev/null")
    }
    let lost = "\(folder.path)/none/x"
    #expect(throws: SafetensorsError.cannotWrite(path: lost, code: ENOENT)) {
      try Self.write([], pieces: [], to: lost)
    }
  }

  @Test("says that it may not write, and leaves nothing")
  func noPermission() async {
    await #expect(processExitsWith: .success) {
      let folder = try ScratchFolder()
      try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
      // The superuser may write everywhere, so become nobody; only this child process does.
      let isSuperuser = geteuid() == 0
      if isSuperuser { #expect(seteuid(65534) == 0) }
      let path = "\(folder.path)/x"
      #expect(throws: SafetensorsError.cannotWrite(path: path, code: EACCES)) {
        try SafetensorsWriterTests.write([], pieces: [], to: path)
      }
      if isSuperuser { #expect(seteuid(0) == 0) }
      #expect(try folder.names == [])
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    }
  }

  @Test("leaves nothing when the system stops it half way", arguments: [1000, 100])
  func diskFull(limit: Int) async {
    await #expect(processExitsWith: .success) { [limit] in
      let folder = try ScratchFolder()
      let path = "\(folder.path)/x"
      // A limit on the size of files, in this child process alone, stands in for a full disk: the
      // first stops the data, the second the header.
      signal(SIGXFSZ, SIG_IGN)
      var size = rlimit(rlim_cur: rlim_t(limit), rlim_max: rlim_t(limit))
      // Safe: `size` is a whole rlimit structure, which the call only reads.
      #expect(unsafe setrlimit(limitOfFileSize, &size) == 0)
      #expect(throws: SafetensorsError.cannotWrite(path: path, code: EFBIG)) {
        let tensor = TensorDescription(
          name: String(repeating: "n", count: 200), elementType: .u8, shape: [5000],
          byteCount: 5000)
        try SafetensorsWriterTests.write(
          [tensor], pieces: [[UInt8](repeating: 1, count: 5000)], to: path)
      }
      #expect(try folder.names == [])
    }
  }

  @Test("accepts the same bytes again after an error")
  func retry() throws {
    let folder = try ScratchFolder()
    let path = "\(folder.path)/x"
    var writer = try SafetensorsWriter(path: path, tensors: [Self.bias])
    let (tooMany, enough): ([UInt8], [UInt8]) = ([1, 2, 3, 4], [1, 2, 3])
    do {
      // Safe: bytes have no padding.
      try unsafe writer.append(tooMany.span.bytes)
      Issue.record("four bytes were accepted for three")
    } catch {
      #expect(writer.writtenByteCount == 0)
    }
    // Safe: bytes have no padding.
    try unsafe writer.append(enough.span.bytes)
    try writer.finish()
    let file = try SafetensorsFile(path: path)
    #expect(try file.bytes(of: file.tensors[0]) == enough)
  }
}

#if canImport(Glibc)
  // Glibc's header gives the constant one type and the functions another.
  private let limitOfFileSize = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
#else
  private let limitOfFileSize = RLIMIT_FSIZE
#endif
