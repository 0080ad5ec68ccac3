import Foundation
import GGUFFiles
import SafetensorsFiles
import Tensors
import TestSupport
import Testing

/// Checks the contract of `GGUFFile`, on a file that the PyPI package gguf wrote and on others that
/// are made here.
@Suite struct GGUFFileTests {
  @Test("reads what the Python package writes")
  func written() throws {
    let path = Fixture.url("gguf/blocks.gguf").path
    let file = try GGUFFile(path: path)
    #expect(GGUFFile.hasSignature(at: path))
    #expect(file.metadata["general.architecture"]?.text == "blocks")
    #expect(file.metadata["general.name"]?.text == "every block type that is read")
    #expect(file.metadata["blocks.scales_per_block"]?.list == [.integer(1), .integer(2)])
    #expect(file.metadata["tokenizer.ggml.tokens"] == .omitted(count: 5000))
    #expect(file.byteCount == FileManager.default.contents(atPath: path)?.count)
    #expect(!file.stamp.isEmpty)

    let truth = try SafetensorsFile(path: Fixture.url("gguf/blocks.safetensors").path)
    for tensor in file.tensors where tensor.name != "plain" {
      let stored = try #require(truth.tensors.first { $0.name == "\(tensor.name).blocks" })
      #expect(tensor.elementType.rawValue == tensor.name)
      #expect(tensor.shape == [3, 256 / tensor.elementType.numberCount])
      #expect(tensor.byteCount == stored.byteCount)
      #expect(try bytes(of: tensor, in: file) == bytes(of: stored, in: truth))
    }
    #expect(file.tensors.count == 14)
    let plain = try #require(file.tensors.first { $0.name == "plain" })
    #expect(plain.shape == [3, 5, 7] && plain.elementType == .f32)
    let twin = try #require(truth.tensors.first { $0.name == "plain" })
    #expect(try bytes(of: plain, in: file) == bytes(of: twin, in: truth))
    #expect(
      try bytes(of: plain, TensorSlice(rows: 1..<3, leading: [2]), in: file)
        == bytes(of: twin, TensorSlice(rows: 1..<3, leading: [2]), in: truth))
  }

  @Test("values of every kind", arguments: [UInt32(2), 3])
  func values(version: UInt32) throws {
    let folder = try TemporaryFolder()
    typealias Value = ToyGGUF.Value
    var toy = ToyGGUF([
      ("a.u8", Value(kind: 0, bytes: [200])), ("a.i8", Value(kind: 1, bytes: [0xff])),
      ("a.u16", .u16(65_535)), ("a.i16", Value(kind: 3, bytes: [0xfe, 0xff])),
      ("a.u32", .u32(4_000_000_000)), ("a.i32", .i32(-5)), ("a.f32", .f32(1.5)),
      ("a.flag", .flag(true)), ("a.text", .text("größe")),
      ("a.list", .list([.text("x"), .text("")], kind: 8)), ("a.empty", .list([], kind: 4)),
      ("a.u64", Value(kind: 10, bytes: littleEndian(UInt64(1) << 40))),
      ("a.huge", Value(kind: 10, bytes: littleEndian(UInt64.max))),
      ("a.i64", Value(kind: 11, bytes: littleEndian(Int64.min))),
      ("a.f64", Value(kind: 12, bytes: littleEndian((0.1).bitPattern))),
      ("a.bad", Value(kind: 8, bytes: littleEndian(UInt64(1)) + [0xff])),
    ])
    toy.version = version
    let file = try GGUFFile(path: write(toy.bytes, in: folder))
    let expected: [String: GGUFValue] = [
      "a.u8": .integer(200), "a.i8": .integer(-1), "a.u16": .integer(65_535),
      "a.i16": .integer(-2), "a.u32": .integer(4_000_000_000), "a.i32": .integer(-5),
      "a.f32": .number(1.5), "a.flag": .flag(true), "a.text": .text("größe"),
      "a.list": .list([.text("x"), .text("")]), "a.empty": .list([]),
      "a.u64": .integer(1 << 40), "a.huge": .number(0x1p64), "a.i64": .integer(.min),
      "a.f64": .number(0.1), "a.bad": .text("\u{FFFD}"),
    ]
    #expect(file.metadata == expected)
    #expect(file.tensors.isEmpty)
    #expect(try file.headerBytes() == toy.bytes)
  }

  @Test("long lists and texts are passed over, and what follows is read")
  func omitted() throws {
    let folder = try TemporaryFolder()
    let list = (0..<GGUFValue.listLimit + 1).map { ToyGGUF.Value.u32($0) }
    let texts = (0..<GGUFValue.listLimit + 1).map { ToyGGUF.Value.text("\($0)") }
    let toy = ToyGGUF([
      ("long", .list(list, kind: 4)), ("longest", .list(Array(list.dropLast()), kind: 4)),
      ("texts", .list(texts, kind: 8)),
      ("text", .text(String(repeating: "x", count: 1 << 20 + 1))), ("after", .u32(7)),
    ])
    let file = try GGUFFile(path: write(toy.bytes, in: folder))
    #expect(file.metadata["long"] == .omitted(count: GGUFValue.listLimit + 1))
    #expect(file.metadata["longest"]?.list?.count == GGUFValue.listLimit)
    #expect(file.metadata["texts"] == .omitted(count: GGUFValue.listLimit + 1))
    #expect(file.metadata["text"] == .omitted(count: 1 << 20 + 1))
    #expect(file.metadata["after"] == .integer(7))
  }

  @Test("data are aligned as the file says", arguments: [8, 32, 4096])
  func alignment(alignment: Int) throws {
    let folder = try TemporaryFolder()
    var toy = ToyGGUF(
      [("general.alignment", .u32(alignment))],
      [
        ToyGGUF.Tensor("first", [3], type: 24, bytes: [1, 2, 3]),
        ToyGGUF.Tensor("second", [2], type: 24, bytes: [4, 5]),
        ToyGGUF.Tensor("scalar", [], type: 0, bytes: littleEndian(Float(2).bitPattern)),
        ToyGGUF.Tensor("none", [0, 4], type: 0, bytes: []),
      ])
    toy.alignment = alignment
    let file = try GGUFFile(path: write(toy.bytes + [9, 9], in: folder))
    let found = try file.tensors.map { try bytes(of: $0, in: file) }
    #expect(found.sorted { $0.count < $1.count } == [[], [4, 5], [1, 2, 3], [0, 0, 0, 0x40]])
  }

  @Test("a file that is cut after it was opened is an error")
  func cut() throws {
    let folder = try TemporaryFolder()
    let toy = ToyGGUF([], [ToyGGUF.Tensor("x", [64], type: 24, bytes: Array(0..<64))])
    let path = try write(toy.bytes, in: folder)
    let file = try GGUFFile(path: path)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: UInt64(toy.bytes.count - 8))
    try handle.close()
    #expect(
      throws: GGUFError.becameShorter(
        path: path, tensor: "x", expectedBytes: toy.bytes.count,
        actualBytes: toy.bytes.count - 8)
    ) { try bytes(of: file.tensors[0], in: file) }
  }

  @Test("reads 20,000 tensors", .timeLimit(.minutes(1)))
  func manyTensors() throws {
    let folder = try TemporaryFolder()
    let toy = ToyGGUF(
      [], (0..<20_000).map { ToyGGUF.Tensor("tensor.\($0)", [1], type: 24, bytes: [7]) })
    let file = try GGUFFile(path: write(toy.bytes, in: folder))
    #expect(file.tensors.count == 20_000)
    #expect(try bytes(of: file.tensors[19_999], in: file) == [7])
  }
}

/// Writes a file and returns its path.
func write(_ bytes: [UInt8], in folder: TemporaryFolder, as name: String = "x.gguf") throws
  -> String
{
  let path = folder.path(name)
  try Data(bytes).write(to: URL(filePath: path))
  return path
}

/// The stored bytes of a part of a tensor; of all where none is named.
func bytes(
  of tensor: TensorDescription, _ slice: TensorSlice? = nil, in file: any TensorFile
) throws -> [UInt8] {
  let slice = slice ?? .whole(tensor)
  let count = slice.elements(of: tensor.shape).count * tensor.elementType.bitCount / 8
  var result = [UInt8](repeating: 0xEE, count: count)
  var elements = result.mutableSpan
  // Safe: bytes have no padding, and take any value.
  var bytes = unsafe elements.mutableBytes
  try file.read(slice, of: tensor, into: &bytes)
  return result
}
