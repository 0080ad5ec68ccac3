import Foundation
import SafetensorsFiles
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Checks the contract written above `SafetensorsFile`, clause by clause.
@Suite struct SafetensorsFileTests {
  static let entry = #"{"dtype":"U8","shape":[4],"data_offsets":[0,4]}"#

  // MARK: Golden

  /// What `Fixtures/Generators/golden_safetensors.py` put into the file, in the order of the data.
  static let golden: [(name: String, elementType: ElementType, shape: [Int], bytes: [UInt8])] = [
    ("i64", .i64, [2], stored([-1, 1 << 62] as [Int64])),
    ("f64", .f64, [1, 2], stored([0.1, -1e300].map(\.bitPattern))),
    ("f32", .f32, [2, 3], stored([0, 1, 2, 3, 4, 5].map { Float($0).bitPattern })),
    ("none", .f32, [3, 0, 2], []),
    ("scalar", .f32, [], stored([Float(7.25).bitPattern])),
    ("bf16", .bf16, [3], stored([0x3F80, 0xC000, 0x3F00] as [UInt16])),
    ("f16", .f16, [2, 1], stored([0x3E00, 0xC000] as [UInt16])),
    ("größe \"🧪\"\n", .i8, [1], [0xF9]),
    ("u8", .u8, [3, 2], [1, 2, 3, 4, 5, 6]),
    ("bool", .bool, [2], [1, 0]),
  ]

  /// Integers as the format stores them, little-endian.
  static func stored(_ integers: [some FixedWidthInteger]) -> [UInt8] {
    integers.flatMap { integer in
      stride(from: 0, to: integer.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: integer >> $0) }
    }
  }

  @Test("reads a file of the reference library")
  func referenceFile() throws {
    let path = HostileCorpus.path(of: HostileCorpus.soundName)
    let file = try SafetensorsFile(path: path)
    #expect(file.path == path)
    #expect(file.byteCount == 759)
    #expect(file.metadata == ["made with": "safetensors 0.8.0, \"quoted\" ü"])
    #expect(
      file.tensors
        == Self.golden.map {
          TensorDescription(
            name: $0.name, elementType: $0.elementType, shape: $0.shape, byteCount: $0.bytes.count)
        })
    for (tensor, expected) in zip(file.tensors, Self.golden) {
      #expect(try file.bytes(of: tensor) == expected.bytes, "\(tensor.name)")
    }
    #expect(try file.headerBytes() == Array(try contents(of: path).prefix(680)))
  }

  // MARK: Reading

  @Test("reads any rows of a tensor")
  func rows() throws {
    let file = try SafetensorsFile(path: HostileCorpus.path(of: HostileCorpus.soundName))
    let tensor = try #require(file.tensor("u8"))
    for first in 0...3 {
      for end in first...3 {
        #expect(
          try file.bytes(of: tensor, rows: first..<end)
            == Array([1, 2, 3, 4, 5, 6][(2 * first)..<(2 * end)]))
      }
    }
    let none = try #require(file.tensor("none"))
    #expect(try file.bytes(of: none, rows: 1..<2) == [])
    let scalar = try #require(file.tensor("scalar"))
    #expect(try file.bytes(of: scalar, rows: 0..<1) == [0, 0, 0xE8, 0x40])
  }

  @Test("reads parts below the first axis")
  func slices() throws {
    let folder = try ScratchFolder()
    let header = #"{"x":{"dtype":"I16","shape":[2,3,2],"data_offsets":[0,24]}}"#
    let file = try SafetensorsFile(path: try folder.write(framed(header, data: Array(0..<24))))
    let tensor = file.tensors[0]
    #expect(
      try file.bytes(of: tensor, TensorSlice(rows: 1..<3, leading: [1])) == Array(16..<24))
    #expect(
      try file.bytes(of: tensor, TensorSlice(rows: 0..<1, leading: [0, 2])) == [8, 9])
    #expect(try file.bytes(of: tensor, TensorSlice(rows: 2..<2, leading: [1])) == [])
  }

  @Test("reads packed elements where rows fill whole bytes, and says so where they do not")
  func packedRows() throws {
    let folder = try ScratchFolder()
    let header = """
      {"a":{"dtype":"F4","shape":[2,3],"data_offsets":[0,3]},\
      "b":{"dtype":"F6_E2M3","shape":[3,4],"data_offsets":[3,12]}}
      """
    let path = try folder.write(framed(header, data: Array(1...12)))
    let file = try SafetensorsFile(path: path)
    let (split, whole) = (file.tensors[0], file.tensors[1])
    #expect(try file.bytes(of: split) == [1, 2, 3])
    #expect(try file.bytes(of: whole, rows: 1..<3) == [7, 8, 9, 10, 11, 12])
    #expect(throws: SafetensorsError.splitByte(path: path, tensor: "a", elementType: .f4)) {
      try file.bytes(of: split, rows: 1..<2)
    }
  }

  @Test("may be read by several tasks at once")
  func concurrentReads() async throws {
    let folder = try ScratchFolder()
    let count = 200_000
    let header = #"{"x":{"dtype":"U8","shape":[\#(count)],"data_offsets":[0,\#(count)]}}"#
    let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    let file = try SafetensorsFile(path: try folder.write(framed(header, data: data)))
    let tensor = file.tensors[0]
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for task in 0..<16 {
        group.addTask {
          let rows = (task * 10_000)..<(task * 10_000 + 40_000)
          return try file.bytes(of: tensor, rows: rows) == Array(data[rows])
        }
      }
      for try await isSame in group { #expect(isSame) }
    }
  }

  @Test("traps when asked for what it does not have")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      let file = try SafetensorsFile(path: HostileCorpus.path(of: HostileCorpus.soundName))
      let other = TensorDescription(name: "u8", elementType: .u8, shape: [6], byteCount: 6)
      _ = try? file.bytes(of: other)
    }
    await #expect(processExitsWith: .failure) {
      let file = try SafetensorsFile(path: HostileCorpus.path(of: HostileCorpus.soundName))
      if let tensor = file.tensor("u8") { _ = try? file.bytes(of: tensor, rows: 2..<4) }
    }
    await #expect(processExitsWith: .failure) {
      let file = try SafetensorsFile(path: HostileCorpus.path(of: HostileCorpus.soundName))
      var tooSmall = [UInt8](repeating: 0, count: 5)
      var elements = tooSmall.mutableSpan
      // Safe: bytes have no padding, and take any value.
      var bytes = unsafe elements.mutableBytes
      if let tensor = file.tensor("u8") { try? file.read(rows: 0..<3, of: tensor, into: &bytes) }
    }
  }

  // MARK: The header

  @Test("gives the tensors in the order of their data, whatever the header's")
  func order() throws {
    let folder = try ScratchFolder()
    let header = """
      {"c":{"dtype":"U8","shape":[2],"data_offsets":[2,4]},\
      "empty2":{"dtype":"U8","shape":[0],"data_offsets":[2,2]},\
      "a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},\
      "empty1":{"dtype":"U8","shape":[0],"data_offsets":[2,2]},\
      "last":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}}
      """
    let file = try SafetensorsFile(path: try folder.write(framed(header, data: [1, 2, 3, 4])))
    #expect(file.tensors.map(\.name) == ["a", "empty2", "empty1", "c", "last"])
    #expect(try file.tensors.map { try file.bytes(of: $0) } == [[1, 2], [], [], [3, 4], []])

    // Only the tensor without data is out of its place.
    let almost = """
      {"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},\
      "empty":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}
      """
    let other = try SafetensorsFile(path: try folder.write(framed(almost, data: [1, 2])))
    #expect(other.tensors.map(\.name) == ["empty", "a"])
  }

  @Test(
    "accepts",
    arguments: [
      "{}", "{}     ", "{\"__metadata__\":{}}", "{\"__metadata__\":{\"a\":\"\\u0000\"}}\n ",
      "{ \"x\" : { \"dtype\" : \"U8\" , \"shape\" : [ ] , \"data_offsets\" : [ 0 , 1 ] } } ",
      #"{"x":{"more":[{"a":null,"b":-1.5e3}],"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
      #"{"":{"dtype":"U8","shape":[1,1,1,1,1],"data_offsets":[0,1]}}"#,
      #"{"x":{"\u0064type":"F4","shape":[2],"data_offsets":[0,1]}}"#,
      #"{"a/\u00e9":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
    ])
  func sound(header: String) throws {
    let folder = try ScratchFolder()
    let hasTensor = header.contains("data_offsets")
    let path = try folder.write(framed(header, data: hasTensor ? [9] : []))
    let file = try SafetensorsFile(path: path)
    #expect(file.tensors.map(\.byteCount) == (hasTensor ? [1] : []))
    #expect(try file.headerBytes() == framed(header))
  }

  @Test("knows every element type", arguments: ElementType.allCases.filter { !$0.isBlock })
  func elementTypes(elementType: ElementType) throws {
    let folder = try ScratchFolder()
    let byteCount = elementType.bitCount
    let header = """
      {"x":{"dtype":"\(elementType.rawValue)","shape":[2,4],"data_offsets":[0,\(byteCount)]}}
      """
    let data = [UInt8](repeating: 3, count: byteCount)
    let file = try SafetensorsFile(path: try folder.write(framed(header, data: data)))
    #expect(file.tensors.first?.elementType == elementType)
    #expect(try file.bytes(of: file.tensors[0]) == data)
  }

  @Test("is not mistaken for a pickle when its length starts like one")
  func lengthLikePickle() throws {
    let folder = try ScratchFolder()
    let header = "{}" + String(repeating: " ", count: 0x0280 - 2)
    let bytes = framed(header)
    #expect(bytes.starts(with: [0x80, 0x02]))
    #expect(try SafetensorsFile(path: try folder.write(bytes)).tensors.isEmpty)
  }

  @Test("reads 100,000 tensors", .timeLimit(.minutes(1)))
  func manyTensors() throws {
    let folder = try ScratchFolder()
    let count = 100_000
    let entries = (0..<count).map { index in
      """
      "model.layers.\(index / 1024).mlp.experts.\(index % 1024).up_proj.weight":\
      {"dtype":"BF16","shape":[1,1],"data_offsets":[\(2 * index),\(2 * index + 2)]}
      """
    }
    let header = "{\(entries.joined(separator: ","))}"
    let path = try folder.write(framed(header, data: [UInt8](repeating: 7, count: 2 * count)))
    let file = try SafetensorsFile(path: path)
    #expect(file.tensors.count == count)
    #expect(file.tensors.last?.name == "model.layers.97.mlp.experts.671.up_proj.weight")
    #expect(try file.bytes(of: file.tensors[count - 1]) == [7, 7])
  }

  // MARK: The file

  @Test("says that the file became shorter while it was open")
  func cutWhileOpen() throws {
    let folder = try ScratchFolder()
    let path = try folder.write(framed("{\"x\":\(Self.entry)}", data: [1, 2, 3, 4]))
    let file = try SafetensorsFile(path: path)
    let tensor = file.tensors[0]
    let handle = try #require(FileHandle(forWritingAtPath: path))
    let size = file.byteCount

    try handle.truncate(atOffset: UInt64(size - 1))
    #expect(try file.bytes(of: tensor, rows: 0..<3) == [1, 2, 3])
    #expect(
      throws: SafetensorsError.becameShorter(
        path: path, tensor: "x", expectedBytes: size, actualBytes: size - 1)
    ) { try file.bytes(of: tensor) }

    try handle.truncate(atOffset: 20)
    #expect(
      throws: SafetensorsError.becameShorter(
        path: path, tensor: nil, expectedBytes: size, actualBytes: 20)
    ) { try file.headerBytes() }
    try handle.close()
  }

  @Test("keeps reading the file it opened when another takes its name")
  func replacedWhileOpen() throws {
    let folder = try ScratchFolder()
    let path = try folder.write(framed("{\"x\":\(Self.entry)}", data: [1, 2, 3, 4]))
    let file = try SafetensorsFile(path: path)
    try FileManager.default.removeItem(atPath: path)
    _ = try folder.write([0])
    #expect(try file.bytes(of: file.tensors[0]) == [1, 2, 3, 4])
  }

  @Test("closes the file when it is released, also when it was refused")
  func descriptors() async {
    await #expect(processExitsWith: .success) {
      let folder = try ScratchFolder()
      let path = try folder.write(framed("{}"))
      // Few enough files may be open, in this child process alone, that one lost each time shows.
      var limit = rlimit(rlim_cur: 64, rlim_max: 64)
      // Safe: `limit` is a whole rlimit structure, which the call only reads.
      #expect(unsafe setrlimit(limitOfOpenFiles, &limit) == 0)
      for _ in 0..<100 {
        _ = try SafetensorsFile(path: path)
        #expect(throws: SafetensorsError.notARegularFile(path: folder.path, kind: "a folder")) {
          try SafetensorsFile(path: folder.path)
        }
        var writer = try SafetensorsWriter(path: path, tensors: [])
        let nothing: [UInt8] = []
        // Safe: bytes have no padding.
        try unsafe writer.append(nothing.span.bytes)
        try writer.finish()
      }
    }
  }

  @Test("refuses what is missing or no file")
  func notAFile() throws {
    let folder = try ScratchFolder()
    let missing = "\(folder.path)/missing.safetensors"
    #expect(throws: SafetensorsError.cannotOpen(path: missing, code: ENOENT)) {
      try SafetensorsFile(path: missing)
    }
    let sound = try folder.write(framed("{}"))
    #expect(throws: SafetensorsError.cannotOpen(path: sound + "\0x", code: ENOENT)) {
      try SafetensorsFile(path: sound + "\0x")
    }
    #expect(throws: SafetensorsError.cannotOpen(path: sound + "/x", code: ENOTDIR)) {
      try SafetensorsFile(path: sound + "/x")
    }
    #expect(throws: SafetensorsError.notARegularFile(path: folder.path, kind: "a folder")) {
      try SafetensorsFile(path: folder.path)
    }
    #expect(throws: SafetensorsError.notARegularFile(path: "/dev/null", kind: "a device")) {
      try SafetensorsFile(path: "/dev/null")
    }
    let pipe = "\(folder.path)/pipe"
    // Safe: the string outlives the call, which keeps nothing of it.
    #expect(unsafe mkfifo(pipe, 0o600) == 0)
    #expect(throws: SafetensorsError.notARegularFile(path: pipe, kind: "a pipe")) {
      try SafetensorsFile(path: pipe)
    }
  }

  @Test("refuses a file that it may not read")
  func noPermission() async {
    await #expect(processExitsWith: .success) {
      let folder = try ScratchFolder()
      let path = try folder.write(framed("{}"))
      try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
      // The superuser may read everything, so become nobody; only this child process does.
      let isSuperuser = geteuid() == 0
      if isSuperuser { #expect(seteuid(65534) == 0) }
      #expect(throws: SafetensorsError.cannotOpen(path: path, code: EACCES)) {
        try SafetensorsFile(path: path)
      }
      if isSuperuser { #expect(seteuid(0) == 0) }
    }
  }
}

#if canImport(Glibc)
  // Glibc's header gives the constant one type and the functions another.
  private let limitOfOpenFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
  private let limitOfOpenFiles = RLIMIT_NOFILE
#endif
