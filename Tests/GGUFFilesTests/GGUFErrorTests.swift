import Foundation
import GGUFFiles
import Tensors
import TestSupport
import Testing

/// Checks that each way in which a GGUF file can be wrong raises its error, with its words.
@Suite struct GGUFErrorTests {
  typealias Value = ToyGGUF.Value

  /// A file that is wrong, and what must be said of it.
  struct Attack: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let message: String
  }

  private static func one(
    type: UInt32 = 24, lengths: [UInt64] = [4], bytes: [UInt8] = [1, 2, 3, 4],
    offset: UInt64? = nil
  ) -> [UInt8] {
    var tensor = ToyGGUF.Tensor("x", [], type: type, bytes: bytes)
    (tensor.lengths, tensor.offset) = (lengths, offset)
    return ToyGGUF([], [tensor]).bytes
  }

  private static func two(first: UInt64, second: UInt64) -> [UInt8] {
    var tensors = ["x", "y"].map { ToyGGUF.Tensor($0, [4], type: 24, bytes: [1, 2, 3, 4]) }
    (tensors[0].offset, tensors[1].offset) = (first, second)
    return ToyGGUF([], tensors).bytes
  }

  private static func claiming(tensors: UInt64? = nil, keys: UInt64? = nil) -> [UInt8] {
    var toy = ToyGGUF([("a", .u32(1))])
    toy.claimedCounts = (tensors, keys)
    return toy.bytes
  }

  private static func version(_ version: UInt32) -> [UInt8] {
    var toy = ToyGGUF()
    toy.version = version
    return toy.bytes
  }

  private static func list(kind: UInt32, count: UInt64, rest: [UInt8] = []) -> [UInt8] {
    ToyGGUF([("a", Value(kind: 9, bytes: littleEndian(kind) + littleEndian(count) + rest))]).bytes
  }

  private static let again = "it is damaged, so download or write it again"
  private static let writer = "the writer broke the format, so write it again"

  static let attacks: [Attack] = [
    ("empty", [], "does not start with 'GGUF', so it is no GGUF file; check the name"),
    (
      "other format", Array("PK\u{3}\u{4}....".utf8),
      "does not start with 'GGUF', so it is no GGUF file; check the name"
    ),
    (
      "safetensors", [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8),
      """
      is a safetensors file, not GGUF; give it the suffix .safetensors and put the config.json of \
      its model beside it
      """
    ),
    (
      "HDF5", [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0],
      """
      is an HDF5 file, not GGUF; give it the suffix .h5 and put the config.json of its model beside \
      it
      """
    ),
    (
      "nothing after the signature", Array("GGUF".utf8),
      "holds 4 bytes and ends inside its header, in its counts; \(again)"
    ),
    (
      "big-endian", version(0x0300_0000),
      """
      is a big-endian GGUF file, and only little-endian ones are read; turn it with \
      'gguf-convert-endian' of the Python package gguf
      """
    ),
    (
      "version 1", version(1),
      """
      has version 1 of GGUF, and versions 2 and 3 are read; convert the model again with a \
      llama.cpp of today
      """
    ),
    (
      "version 0", version(0),
      """
      has version 0 of GGUF, and versions 2 and 3 are read; convert the model again with a \
      llama.cpp of today
      """
    ),
    (
      "version 4", version(4),
      """
      has version 4 of GGUF, and versions 2 and 3 are read; convert the model again with a \
      llama.cpp of today
      """
    ),
    (
      "too many keys", claiming(keys: .max),
      "holds 41 bytes and ends inside its header, in key 2 of 18446744073709551615; \(again)"
    ),
    (
      "too many tensors", claiming(tensors: .max),
      "holds 41 bytes and ends inside its header, in tensor 1 of 18446744073709551615; \(again)"
    ),
    ("empty key", ToyGGUF([("", .u32(1))]).bytes, "the name of key 1 of 1 is empty; \(writer)"),
    (
      "long key", ToyGGUF([(String(repeating: "x", count: 65_536), .u32(1))]).bytes,
      "the name of key 1 of 1 has more than 65535 bytes; \(writer)"
    ),
    (
      "key twice", ToyGGUF([("a\u{7}", .u32(1)), ("a\u{7}", .u32(2))]).bytes,
      #"the key 'a\u{7}' stands twice in the header; \#(writer)"#
    ),
    (
      "unknown kind", ToyGGUF([("a", Value(kind: 13, bytes: []))]).bytes,
      "the key 'a' has a value of kind 13, which GGUF has not; \(writer)"
    ),
    (
      "list of lists", list(kind: 9, count: 1),
      "the key 'a' has a list of lists, which is not read; \(writer)"
    ),
    (
      "list of 2^64 bytes", list(kind: 0, count: .max),
      "holds 49 bytes and ends inside its header, in the key 'a'; \(again)"
    ),
    (
      "list beyond 2^64 bytes", list(kind: 12, count: 1 << 62),
      "holds 49 bytes and ends inside its header, in the key 'a'; \(again)"
    ),
    (
      "list of 2^64 texts", list(kind: 8, count: .max),
      "holds 49 bytes and ends inside its header, in the key 'a'; \(again)"
    ),
    (
      "text of 2^64 bytes", ToyGGUF([("a", Value(kind: 8, bytes: littleEndian(UInt64.max)))]).bytes,
      "holds 45 bytes and ends inside its header, in the key 'a'; \(again)"
    ),
    (
      "alignment of zero", ToyGGUF([("general.alignment", .u32(0))]).bytes,
      "'general.alignment' is 0, not a power of two; \(writer)"
    ),
    (
      "alignment of 24", ToyGGUF([("general.alignment", .u32(24))]).bytes,
      "'general.alignment' is 24, not a power of two; \(writer)"
    ),
    (
      "alignment in words", ToyGGUF([("general.alignment", .text("32"))]).bytes,
      "'general.alignment' is '32', not a power of two; \(writer)"
    ),
    (
      "tensor twice",
      ToyGGUF([], [1, 2].map { ToyGGUF.Tensor("x", [1], type: 24, bytes: [$0]) }).bytes,
      "the name 'x' stands twice in the header; \(writer)"
    ),
    (
      "five axes", one(lengths: [1, 1, 1, 1, 4]),
      "tensor 'x' has 5 axes, and GGUF has four at most; \(writer)"
    ),
    (
      "2^32 axes", one(lengths: [UInt64](repeating: 1, count: 9)),
      "tensor 'x' has 9 axes, and GGUF has four at most; \(writer)"
    ),
    (
      "unknown type", one(type: 4),
      """
      tensor 'x' has the element type number 4, which this version does not know; quantise it as \
      one that llama.cpp has had for long, such as Q8_0
      """
    ),
    (
      "broken block", one(type: 8, lengths: [48, 2]),
      """
      tensor 'x' has rows of 48 numbers, which do not fill blocks of 32 in Q8_0; \(writer)
      """
    ),
    (
      "block as a scalar", one(type: 8, lengths: []),
      "tensor 'x' has rows of 1 numbers, which do not fill blocks of 32 in Q8_0; \(writer)"
    ),
    (
      "length beyond 2^63", one(lengths: [4, 1 << 63]),
      "tensor 'x' has the shape 9223372036854775808 x 4, too large for 64 bits; \(writer)"
    ),
    (
      "size beyond 2^63", one(lengths: [1 << 32, 1 << 32]),
      "tensor 'x' has the shape 4294967296 x 4294967296, too large for 64 bits; \(writer)"
    ),
    (
      "size beyond 2^63 behind zero", one(lengths: [0, 1 << 32, 1 << 32]),
      "tensor 'x' has the shape 4294967296 x 4294967296 x 0, too large for 64 bits; \(writer)"
    ),
    (
      "too large", one(lengths: [1 << 40]),
      "holds 68 bytes, and 1099511627772 bytes of tensor 'x' are missing; download it again"
    ),
    (
      "cut", Array(one().dropLast()),
      "holds 67 bytes, and 1 bytes of tensor 'x' are missing; download it again"
    ),
    (
      "cut in the padding", Array(one().dropLast(6)),
      "holds 62 bytes, and 4 bytes of tensor 'x' are missing; download it again"
    ),
    (
      "overlap", two(first: 0, second: 0),
      "tensor 'y' starts at data byte 0, expected 32; the writer left an overlap, so write it again"
    ),
    (
      "unaligned", two(first: 0, second: 4),
      "tensor 'y' starts at data byte 4, expected 32; the writer left an overlap, so write it again"
    ),
    (
      "gap", two(first: 0, second: 64),
      "tensor 'y' starts at data byte 64, expected 32; the writer left a gap, so write it again"
    ),
    (
      "offset of 2^64", one(offset: .max),
      """
      tensor 'x' starts at data byte 18446744073709551615, expected 0; the writer left a gap, so \
      write it again
      """
    ),
  ].map { Attack(testDescription: $0.0, bytes: $0.1, message: $0.2) }

  @Test("every attack is told", arguments: attacks)
  func attack(_ attack: Attack) throws {
    let folder = try TemporaryFolder()
    let path = try write(attack.bytes, in: folder)
    let error = #expect(throws: GGUFError.self) { try GGUFFile(path: path) }
    #expect(error.map { "\($0)" } == "\(path): \(attack.message)")
  }

  @Test("names that are not UTF-8 are refused")
  func names() throws {
    let folder = try TemporaryFolder()
    var bytes = ToyGGUF([("ab", .u32(1))]).bytes
    let place = try #require(bytes.firstIndex(of: UInt8(ascii: "a")))
    bytes[place] = 0xff
    let path = try write(bytes, in: folder)
    #expect(
      throws: GGUFError.invalidName(path: path, part: "key 1 of 1", reason: "is not UTF-8")
    ) { try GGUFFile(path: path) }
  }

  @Test("a header without end is given up, however large the file", .timeLimit(.minutes(1)))
  func endless() throws {
    let folder = try TemporaryFolder()
    for kind in [UInt32(8), 0] {
      // A terabyte of nothing, which takes no space: endless empty texts, or bytes.
      let path = try write(Self.list(kind: kind, count: 1 << 39), in: folder)
      let handle = try #require(FileHandle(forWritingAtPath: path))
      try handle.truncate(atOffset: 1 << 40)
      try handle.close()
      let error = GGUFError.headerTooLarge(path: path, part: "the key 'a'")
      #expect(throws: error) { try GGUFFile(path: path) }
      #expect(
        "\(error)"
          == "\(path): its header has more than 100000000 bytes, the last of them for the key 'a'; it is damaged, so download or write it again"
      )
    }
  }

  @Test("files that cannot be opened are told")
  func opening() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: GGUFError.self) { try GGUFFile(path: folder.path("none.gguf")) }
    #expect(
      error.map { "\($0)" }
        == "\(folder.path("none.gguf")): there is no such file; check the name")
    let other = #expect(throws: GGUFError.self) { try GGUFFile(path: folder.path) }
    #expect(other.map { "\($0)" } == "\(folder.path): is a folder, not a file; name a .gguf file")
    #expect(!GGUFFile.hasSignature(at: folder.path))
    #expect(!GGUFFile.hasSignature(at: folder.path("none.gguf")))
  }

  @Test("no damage to a sound file does worse than an error", arguments: 0..<8)
  func damage(part: Int) throws {
    let sound = ToyGGUF(
      [
        ("general.architecture", .text("llama")), ("general.alignment", .u32(32)),
        ("llama.list", .list([.u32(1), .u32(2)], kind: 4)),
        ("tokens", .list([.text("a"), .text("b")], kind: 8)),
      ],
      [
        ToyGGUF.Tensor("x", [2, 32], type: 8, bytes: [UInt8](repeating: 1, count: 68)),
        ToyGGUF.Tensor("y", [2, 2], type: 0, bytes: [UInt8](repeating: 2, count: 16)),
      ]
    ).bytes
    let folder = try TemporaryFolder()
    for place in stride(from: part, to: sound.count, by: 8) {
      for byte in [0, 1, 0x7f, 0x80, 0xff] as [UInt8] {
        var bytes = sound
        bytes[place] = byte
        try open(bytes, in: folder)
      }
      try open(Array(sound[..<place]), in: folder)
    }
  }

  private func open(_ damaged: [UInt8], in folder: TemporaryFolder) throws {
    do {
      let file = try GGUFFile(path: write(damaged, in: folder))
      for tensor in file.tensors { _ = try bytes(of: tensor, in: file) }
    } catch is GGUFError {}
  }
}
