import Foundation
import HDF5Files
import Tensors
import Testing

/// Checks the contract of `HDF5Writer` by reading back what it wrote.
@Suite struct HDF5WriterTests {
  static let tensors: [TensorDescription] = [
    .of("a.f64", .f64, [3, 4]), .of("a.f32", .f32, [2, 3, 4]), .of("a.f16", .f16, [5]),
    .of("a.bf16", .bf16, [4, 2]), .of("b.i64", .i64, [3]), .of("b.i32", .i32, [3]),
    .of("b.i16", .i16, [3]), .of("b.i8", .i8, [3]), .of("b.u64", .u64, [3]),
    .of("b.u32", .u32, [3]), .of("b.u16", .u16, [3]), .of("b.u8", .u8, [3]),
    .of("scalar", .f32, []), .of("no.rows", .f32, [0, 3]), .of("no.columns", .bf16, [3, 0]),
    .of("naïve.名", .f32, [1]),
  ]

  static func write(
    _ tensors: [TensorDescription], to path: String, naming: HDF5Writer.Naming,
    attributes: [String: String] = [:]
  ) throws {
    let writer = try HDF5Writer(path: path, naming: naming, attributes: attributes)
    for tensor in tensors { try writer.write(tensor, elements: tensor.numbered) }
    try writer.finish()
  }

  @Test("writes what is read back", arguments: [HDF5Writer.Naming.dotted, .nested])
  func roundTrip(naming: HDF5Writer.Naming) throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.h5")
    try Self.write(Self.tensors, to: path, naming: naming, attributes: ["model": "名", "note": ""])
    let file = try HDF5File(path: path)
    #expect(Set(file.tensors) == Set(Self.tensors))
    #expect(file.tensors.count == Self.tensors.count)
    #expect(file.skipped == [])
    #expect(file.stringAttribute("model") == "名")
    #expect(file.stringAttribute("note") == "")
    for tensor in Self.tensors {
      #expect(try file.bytes(of: tensor.name) == tensor.numbered, "\(tensor.name)")
    }
    #expect(try file.bytes(of: "a.f32", rows: 1..<2) == numberedBytes(.f32, 12..<24))
    #expect(try folder.names == ["a.h5"])
  }

  @Test(
    "writes the same bytes for the same calls",
    arguments: [
      HDF5Writer.Naming.dotted, .nested,
    ])
  func sameBytes(naming: HDF5Writer.Naming) throws {
    let folder = try ScratchFolder()
    let attributes = ["model": "toy", "b": "2", "c": "3", "d": "4", "e": "5"]
    let (first, second) = (folder.path("first.h5"), folder.path("second.h5"))
    try Self.write(Self.tensors, to: first, naming: naming, attributes: attributes)
    // A time stamp in whole seconds would show now.
    Thread.sleep(forTimeInterval: 1.1)
    try Self.write(Self.tensors, to: second, naming: naming, attributes: attributes)
    #expect(
      try Data(contentsOf: URL(filePath: first)) == Data(contentsOf: URL(filePath: second)))
  }

  @Test("leaves a file that opens while a child process of the time of writing still runs")
  func childProcess() throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.h5")
    let writer = try HDF5Writer(path: path)
    try writer.write(Self.tensors[0], elements: Self.tensors[0].numbered)
    // Foundation's `Process` would close the descriptors, which this child must inherit. Safe: the
    // argument list ends with nil, and the system copies it.
    let arguments = unsafe [strdup("sleep"), strdup("30"), nil]
    var child: pid_t = 0
    let status = unsafe posix_spawnp(&child, "sleep", nil, nil, arguments, nil)
    unsafe arguments.forEach { unsafe free($0) }
    #expect(status == 0)
    defer {
      kill(child, SIGKILL)
      waitpid(child, nil, 0)
    }
    try writer.finish()
    #expect(try HDF5File(path: path).tensors == [Self.tensors[0]])
  }

  @Test("leaves nothing when it is not finished, and keeps what lay there")
  func unfinished() throws {
    let folder = try ScratchFolder()
    let path = try folder.write([1, 2, 3], as: "a.h5")
    do {
      let writer = try HDF5Writer(path: path)
      try writer.write(Self.tensors[0], elements: Self.tensors[0].numbered)
      #expect(try folder.names.count == 2)
    }
    #expect(try folder.names == ["a.h5"])
    #expect(try Data(contentsOf: URL(filePath: path)) == Data([1, 2, 3]))
    try Self.write(Self.tensors, to: path, naming: .dotted)
    #expect(try HDF5File(path: path).tensors.count == Self.tensors.count)
  }

  @Test("refuses names that would clash or could not be read back")
  func names() throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.h5")
    func expectRefusal(_ writer: HDF5Writer, _ name: String, _ reason: String) {
      #expect(throws: HDF5Error.unwritableName(path: path, tensor: name, reason: reason)) {
        try writer.write(.of(name, .f32, [1]), elements: numberedBytes(.f32, 0..<1))
      }
    }
    let unusable = "an empty name, a slash or a control character"
    let nested = try HDF5Writer(path: path, naming: .nested)
    try nested.write(.of("a.b", .f32, [1]), elements: numberedBytes(.f32, 0..<1))
    expectRefusal(nested, "a.b", "'/a/b' is there already")
    expectRefusal(nested, "a", "'/a' is there already")
    expectRefusal(nested, "a.b.c", "'/a/b' is a dataset, not a group")
    expectRefusal(nested, "a..c", unusable)
    expectRefusal(nested, "", unusable)
    expectRefusal(
      nested, Array(repeating: "g", count: 65).joined(separator: "."),
      "more than 64 nested groups")
    try nested.finish()
    #expect(try HDF5File(path: path).tensors.map(\.name) == ["a.b"])

    let dotted = try HDF5Writer(path: path)
    try dotted.write(.of("a.b", .f32, [1]), elements: numberedBytes(.f32, 0..<1))
    expectRefusal(dotted, "a.b", "'/a.b' is there already")
    for name in ["a/b", ".", "a\nb", "a\u{0}b"] { expectRefusal(dotted, name, unusable) }
    #expect(throws: HDF5Error.self) { try HDF5Writer(path: path, attributes: ["a": "b\u{0}"]) }
  }

  @Test("reads back the deepest nesting it writes")
  func deepest() throws {
    let folder = try ScratchFolder()
    let name = Array(repeating: "g", count: 64).joined(separator: ".")
    try Self.write([.of(name, .f32, [2])], to: folder.path("a.h5"), naming: .nested)
    let file = try HDF5File(path: folder.path("a.h5"))
    #expect(try file.bytes(of: name) == numberedBytes(.f32, 0..<2))
  }

  @Test("refuses types that HDF5 lacks", arguments: [ElementType.f8E4M3, .c64])
  func types(type: ElementType) throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.h5")
    let writer = try HDF5Writer(path: path)
    #expect(throws: HDF5Error.unwritableType(path: path, tensor: "x", elementType: type)) {
      try writer.write(
        .of("x", type, [1]), elements: [UInt8](repeating: 0, count: type.bitCount / 8))
    }
  }

  @Test("does not finish after libhdf5 failed")
  func failedWrite() throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.h5")
    let writer = try HDF5Writer(path: path)
    // HDF5 has at most 32 axes.
    let tensor = TensorDescription.of("x", .f32, [Int](repeating: 1, count: 33))
    let error = try #require(throws: HDF5Error.self) {
      try writer.write(tensor, elements: tensor.numbered)
    }
    guard case .cannotWrite(path, "/x", _) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(throws: error) { try writer.finish() }
    #expect(try folder.names == [])
  }

  @Test("names the target when its folder is missing or it is a folder")
  func targets() throws {
    let folder = try ScratchFolder()
    let path = folder.path("missing/a.h5")
    #expect(throws: HDF5Error.fileNotFound(path: path)) { try HDF5Writer(path: path) }
    let place = folder.url.path
    let writer = try HDF5Writer(path: place)
    #expect(throws: HDF5Error.notAFile(path: place)) { try writer.finish() }
    #expect(try folder.names == [])
    let parent = folder.url.deletingLastPathComponent().path
    let name = folder.url.lastPathComponent
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: parent).filter { $0.contains(name) }
        == [name])
  }

  @Test("writes from many tasks")
  func concurrentWriting() async throws {
    let folder = try ScratchFolder()
    let path = folder.path("a.h5")
    let writer = try HDF5Writer(path: path, naming: .nested)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<64 {
        group.addTask {
          let tensor = TensorDescription.of("layers.\(index).weight", .f32, [index + 1, 2])
          try writer.write(tensor, elements: tensor.numbered)
        }
      }
      try await group.waitForAll()
    }
    try writer.finish()
    let file = try HDF5File(path: path)
    #expect(file.tensors.count == 64)
    for tensor in file.tensors { #expect(try file.bytes(of: tensor.name) == tensor.numbered) }
  }

  @Test("traps on bytes that do not fill the shape")
  func wrongByteCount() async {
    await #expect(processExitsWith: .failure) {
      let folder = try ScratchFolder()
      let writer = try HDF5Writer(path: folder.path("a.h5"))
      try writer.write(.of("x", .f32, [2]), elements: [UInt8](repeating: 0, count: 4))
    }
  }
}
