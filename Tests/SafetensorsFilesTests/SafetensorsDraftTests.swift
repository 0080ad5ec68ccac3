import Foundation
import SafetensorsFiles
import Tensors
import Testing

/// Checks the contract written above `SafetensorsDraft`, clause by clause.
@Suite struct SafetensorsDraftTests {
  static let weight = SafetensorsWriterTests.weight
  static let bias = SafetensorsWriterTests.bias
  static let tensors = [weight, bias]
  static let metadata = ["format": "pt"]
  static let data = [UInt8](1...15)

  let folder: ScratchFolder
  let path: String

  init() throws {
    folder = try ScratchFolder()
    path = "\(folder.path)/x.safetensors"
  }

  private func draft(
    _ tensors: [TensorDescription] = tensors, metadata: [String: String] = metadata
  ) throws -> SafetensorsDraft {
    try SafetensorsDraft(path: path, tensors: tensors, metadata: metadata)
  }

  private func write(
    _ bytes: [UInt8], to draft: SafetensorsDraft, tensor: Int, at offset: Int = 0
  ) throws {
    // Safe: bytes have no padding.
    try unsafe draft.write(bytes.span.bytes, of: tensor, at: offset)
  }

  private func bytes(
    _ count: Int, of draft: SafetensorsDraft, tensor: Int, at offset: Int = 0
  ) throws -> [UInt8] {
    var result = [UInt8](repeating: 0xEE, count: count)
    var space = result.mutableSpan
    // Safe: bytes have no padding, and take any value.
    var target = unsafe space.mutableBytes
    try draft.read(into: &target, of: tensor, at: offset)
    return result
  }

  /// The bytes of the same file, written in order.
  private func expected() throws -> [UInt8] {
    let other = "\(folder.path)/expected"
    try SafetensorsWriterTests.write(
      Self.tensors, metadata: Self.metadata, pieces: [Self.data], to: other)
    defer { try? FileManager.default.removeItem(atPath: other) }
    return try contents(of: other)
  }

  // MARK: One run

  @Test("written in any order it is the file that is written in order")
  func anyOrder() throws {
    let draft = try draft()
    #expect(draft.path == path)
    #expect(draft.tensors == Self.tensors)
    try write(Array(Self.data[12...]), to: draft, tensor: 1)
    try write(Array(Self.data[5..<12]), to: draft, tensor: 0, at: 5)
    try write([], to: draft, tensor: 0, at: 12)
    try write([99, 99, 99, 99, 99], to: draft, tensor: 0)
    try write(Array(Self.data[..<5]), to: draft, tensor: 0)
    try draft.synchronize()
    let expected = try expected()
    #expect(try contents(of: path) == expected)
    #expect(draft.byteCount == expected.count)
    #expect(draft.header == Array(expected.dropLast(15)))
    #expect(try bytes(4, of: draft, tensor: 0, at: 6) == [7, 8, 9, 10])
    #expect(try bytes(3, of: draft, tensor: 1) == [13, 14, 15])
  }

  @Test("what is not written yet is zeros, in a sound file of full size")
  func missingTensor() throws {
    let draft = try draft()
    try write(Array(Self.data[12...]), to: draft, tensor: 1)
    let file = try SafetensorsFile(path: path)
    #expect(file.tensors == Self.tensors)
    #expect(file.byteCount == draft.byteCount)
    #expect(try file.bytes(of: Self.weight) == [UInt8](repeating: 0, count: 12))
    #expect(try file.bytes(of: Self.bias) == [13, 14, 15])
  }

  @Test("many tasks write at once")
  func sideBySide() async throws {
    let many = (0..<64).map {
      TensorDescription(name: "t\($0)", elementType: .u8, shape: [1000], byteCount: 1000)
    }
    let draft = try draft(many)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for place in many.indices.reversed() {
        group.addTask {
          let bytes = [UInt8](repeating: UInt8(place), count: 1000)
          // Safe: bytes have no padding.
          try unsafe draft.write(bytes.span.bytes, of: place)
        }
      }
      try await group.waitForAll()
    }
    let file = try SafetensorsFile(path: path)
    for (place, tensor) in many.enumerated() {
      #expect(try file.bytes(of: tensor) == [UInt8](repeating: UInt8(place), count: 1000))
    }
  }

  // MARK: Several runs

  @Test("goes on with the file of an earlier run")
  func resumed() throws {
    try write(Array(Self.data[..<12]), to: draft(), tensor: 0)
    let again = try draft()
    #expect(try bytes(12, of: again, tensor: 0) == Array(Self.data[..<12]))
    try write(Array(Self.data[12...]), to: again, tensor: 1)
    #expect(try contents(of: path) == expected())
  }

  /// What may lie there that is none of this file's.
  enum Stranger: CaseIterable, Sendable { case short, long, otherHeader, empty, otherData }

  @Test("makes a file of another size or header anew", arguments: Stranger.allCases)
  func strangers(stranger: Stranger) throws {
    var bytes = try expected()
    switch stranger {
    case .short: bytes.removeLast()
    case .long: bytes.append(0)
    case .otherHeader: bytes[20] ^= 1
    case .empty: bytes = []
    case .otherData: bytes[bytes.count - 1] ^= 1
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let draft = try draft()
    let found = try contents(of: path)
    #expect(found.count == draft.byteCount)
    #expect(Array(found.prefix(draft.header.count)) == draft.header)
    // What its tensors hold is for the caller to check.
    let data = Array(found.suffix(15))
    #expect(
      data
        == (stranger == .otherData
          ? Array(bytes.suffix(15)) : [UInt8](repeating: 0, count: 15)))
  }

  // MARK: Errors and traps

  @Test("says what the system does not allow, and what is no sound file")
  func errors() throws {
    #expect(throws: SafetensorsError.self) {
      try SafetensorsDraft(path: "\(path)/y", tensors: Self.tensors)
    }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #expect {
      try draft()
    } throws: {
      guard case SafetensorsError.cannotWrite(path, _)? = $0 as? SafetensorsError else {
        return false
      }
      return true
    }
    let other = "\(folder.path)/other"
    #expect(throws: SafetensorsError.self) {
      try SafetensorsDraft(path: other, tensors: [Self.weight, Self.weight])
    }
    #expect(throws: SafetensorsError.self) {
      try SafetensorsDraft(
        path: other,
        tensors: [
          TensorDescription(name: "w", elementType: .f32, shape: [2], byteCount: 7)
        ])
    }
    #expect(!FileManager.default.fileExists(atPath: other))
  }

  @Test("Bytes beyond a tensor are a trap")
  func traps() async {
    await #expect(processExitsWith: .failure) {
      let folder = try ScratchFolder()
      let draft = try SafetensorsDraft(
        path: "\(folder.path)/x", tensors: SafetensorsDraftTests.tensors)
      let bytes: [UInt8] = [1, 2]
      // Safe: bytes have no padding.
      try unsafe draft.write(bytes.span.bytes, of: 1, at: 2)
    }
    await #expect(processExitsWith: .failure) {
      let folder = try ScratchFolder()
      let draft = try SafetensorsDraft(
        path: "\(folder.path)/x", tensors: SafetensorsDraftTests.tensors)
      var bytes = [UInt8](repeating: 0, count: 13)
      var space = bytes.mutableSpan
      // Safe: bytes have no padding, and take any value.
      var target = unsafe space.mutableBytes
      try draft.read(into: &target, of: 0)
    }
  }
}
